import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { xoshiro } from '../random.ts'

const vocabulary = 200_000

/**
 * A text of `megabytes` MB: words of a vocabulary of 200,000 by Zipf's law (s = 1.0), 5 to 15 words a line. The same size gives the same
 * bytes. Kept in the temporary folder and made once.
 */
export function zipfText(megabytes: number): string {
  const folder = join(tmpdir(), 'millrace-bench')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `zipf-${megabytes}mb.txt`)
  if (existsSync(path) && statSync(path).size >= megabytes * 1e6) return path
  const random = xoshiro(20260101)
  const words = makeWords(random)
  const { threshold, alias } = aliasTable()
  const buffer = Buffer.alloc(1 << 20)
  const file = openSync(`${path}.part`, 'w')
  let used = 0
  let written = 0
  while (written + used < megabytes * 1e6) {
    const count = 5 + (random() % 11)
    for (let i = 0; i < count; i++) {
      const slot = random() % vocabulary
      const word = words[random() < threshold[slot] ? slot : alias[slot]]
      buffer.set(word, used)
      used += word.length
      buffer[used++] = i === count - 1 ? 10 : 32
    }
    if (used > buffer.length - 1_000) {
      written += writeSync(file, buffer, 0, used)
      used = 0
    }
  }
  writeSync(file, buffer, 0, used)
  closeSync(file)
  renameSync(`${path}.part`, path)
  return path
}

/** Distinct lower-case words of 2 to 12 letters; a word's number stands in its last letters, so that none occurs twice. */
function makeWords(random: () => number): Uint8Array[] {
  const words: Uint8Array[] = []
  for (let i = 0; i < vocabulary; i++) {
    let text = i.toString(26).replace(/./g, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 26)))
    const length = Math.max(text.length, 2 + (random() % 11))
    while (text.length < length - 1) text = String.fromCharCode(97 + (random() % 26)) + text
    words.push(Buffer.from(String.fromCharCode(97 + text.length) + text))
  }
  return words
}

/** Vose's alias method: a draw costs two random numbers whatever the size of the vocabulary. */
function aliasTable(): { threshold: Float64Array; alias: Int32Array } {
  const weights = Float64Array.from({ length: vocabulary }, (_, i) => 1 / (i + 1))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const scaled = weights.map((weight) => (weight * vocabulary) / total)
  const threshold = new Float64Array(vocabulary).fill(2 ** 32)
  const alias = new Int32Array(vocabulary)
  const small: number[] = []
  const large: number[] = []
  scaled.forEach((value, i) => {
    ;(value < 1 ? small : large).push(i)
  })
  while (small.length > 0 && large.length > 0) {
    const low = small.pop() as number
    const high = large.pop() as number
    threshold[low] = scaled[low] * 2 ** 32
    alias[low] = high
    scaled[high] += scaled[low] - 1
    ;(scaled[high] < 1 ? small : large).push(high)
  }
  return { threshold, alias }
}
