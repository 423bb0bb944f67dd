import { dirname } from 'node:path'
import { nodeHost } from '../src/base/node-host.ts'
import { noPlace } from '../src/base/place.ts'
import { csvSource } from '../src/io/csv.ts'
import { jsonlSource } from '../src/io/jsonl.ts'
import { begin, end } from './report-usage.js'

// node read-source.ts csv|jsonl FILE [COLUMN,...]: makes all columns of a file, as they are inferred, or some; prints the number of rows.
// Only reading counts: loading TypeScript takes longer than it would from the package.
const [kind, path, names] = process.argv.slice(2)
const source = kind === 'csv' ? csvSource : jsonlSource
const host = nodeHost()
begin()
const options = { path }
const described = await source.describe(options, { host, cwd: dirname(path), at: noPlace, incremental: false })
const wanted = names?.split(',')
const fields = described.schema.filter(({ name }) => wanted?.includes(name) ?? true)
const { signal } = new AbortController()
let rows = 0
described.splits.forEach((split, splitIndex) => {
  const request = { options, reader: described.reader, split, splitIndex, fields, lent: true, host, signal }
  for (const item of source.read(request)) if ('rowCount' in item) rows += item.rowCount
})
end()
console.log(rows)
