const prime1 = 0x9e3779b1
const prime2 = 0x85ebca77
const prime3 = 0xc2b2ae3d

/**
 * A 64-bit checksum of whole 8-byte words, four 32-bit lanes in the manner of xxHash. Words 4 and 5, where it is stored, count as zero.
 * Every lane goes on by bijections, so that a change inside one word is always seen.
 *
 * @returns the low and the high half.
 */
export function checksum(words: Int32Array): [number, number] {
  let a = prime1
  let b = prime2
  let c = prime3
  let d = words.length
  for (let i = 0; i < words.length; i += 2) {
    const low = i === 4 ? 0 : words[i]
    const high = i === 4 ? 0 : words[i + 1]
    a = Math.imul(rotate(a + Math.imul(low, prime2), 13), prime1)
    b = Math.imul(rotate(b + Math.imul(high, prime2), 13), prime1)
    c = Math.imul(rotate(c ^ low, 11), prime3)
    d = Math.imul(rotate(d ^ high, 7), prime3)
  }
  return [finish(a ^ rotate(d, 16)), finish(b ^ rotate(c, 16))]
}

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))

function finish(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 15), prime2)
  hash = Math.imul(hash ^ (hash >>> 13), prime3)
  return hash ^ (hash >>> 16)
}
