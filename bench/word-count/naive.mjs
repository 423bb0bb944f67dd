// What most programs do: readline, split, Map.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { answer } from './answer.js'

const counts = new Map()
for await (const line of createInterface({ input: createReadStream(process.argv[2]) })) {
  for (const word of line.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1)
}
const result = answer()
for (const [word, count] of counts) result.add(word, count)
console.log(result.end())
