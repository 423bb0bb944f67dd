// A hand-written loop over bytes with an open-addressing table: what a careful programmer would write for this one job.
// Prints `words different hash`, the answer that all contenders must agree on.
import { openSync, readSync } from 'node:fs'
import { answer } from './answer.js'

const file = openSync(process.argv[2], 'r')
const chunk = Buffer.alloc(1 << 20)
let mask = (1 << 19) - 1
let slots = new Int32Array(mask + 1).fill(-1)
let hashes = new Int32Array(1 << 18)
let starts = new Int32Array((1 << 18) + 1)
let counts = new Int32Array(1 << 18)
let bytes = new Uint8Array(1 << 22)
let groups = 0

function grow() {
  hashes = extend(hashes, groups * 2)
  starts = extend(starts, groups * 2 + 1)
  counts = extend(counts, groups * 2)
  mask = mask * 2 + 1
  slots = new Int32Array(mask + 1).fill(-1)
  for (let g = 0; g < groups; g++) {
    let slot = hashes[g] & mask
    while (slots[slot] >= 0) slot = (slot + 1) & mask
    slots[slot] = g
  }
}
function extend(array, length) {
  const grown = new array.constructor(length)
  grown.set(array)
  return grown
}

function add(data, start, end, hash) {
  let slot = hash & mask
  for (;;) {
    const g = slots[slot]
    if (g < 0) break
    if (hashes[g] === hash && starts[g + 1] - starts[g] === end - start) {
      let i = start
      let j = starts[g]
      while (i < end && data[i] === bytes[j]) {
        i++
        j++
      }
      if (i === end) {
        counts[g]++
        return
      }
    }
    slot = (slot + 1) & mask
  }
  const at = starts[groups]
  if (at + end - start > bytes.length) bytes = extend(bytes, bytes.length * 2)
  for (let i = start, j = at; i < end; i++, j++) bytes[j] = data[i]
  slots[slot] = groups
  hashes[groups] = hash
  counts[groups] = 1
  starts[groups + 1] = at + end - start
  groups++
  if (groups === hashes.length) grow()
}

let kept = 0
for (;;) {
  const got = readSync(file, chunk, kept, chunk.length - kept, null)
  const length = kept + got
  let start = 0
  let hash = 0x811c9dc5 | 0
  for (let i = 0; i < length; i++) {
    const byte = chunk[i]
    if (byte === 32 || byte === 10) {
      add(chunk, start, i, hash ^ (hash >>> 15))
      start = i + 1
      hash = 0x811c9dc5 | 0
    } else hash = Math.imul(hash ^ byte, 0x01000193)
  }
  kept = length - start
  chunk.copy(chunk, 0, start, length)
  if (got === 0) break
}
const text = Buffer.from(bytes.buffer)
const result = answer()
for (let g = 0; g < groups; g++) result.add(text.latin1Slice(starts[g], starts[g + 1]), counts[g])
console.log(result.end())
