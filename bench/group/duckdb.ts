import { BIGINT, DuckDBDataChunk, DuckDBInstance, VARCHAR } from '@duckdb/node-api'
import type { BytesColumn, LaneColumn } from '../../src/data/column.ts'
import { begin, end } from '../report-usage.js'
import { Digest, type KeyKind, makeBatches, stringsOf } from './rows.ts'

// The rows go in as data chunks through an appender, the fastest way in that its Node client has; then the query, in one thread.
const kind = process.argv[2] as KeyKind
const chunkRows = 2048
const batches = makeBatches(kind, Number(process.argv[3]))
const keys = batches.map(({ columns: [key] }) => (kind === 'string' ? stringsOf(key as BytesColumn) : (key as LaneColumn).values))
const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
const connection = await instance.connect()
await connection.run(`create table rows (key ${kind === 'string' ? 'varchar' : 'bigint'}, value bigint)`)

begin()
const appender = await connection.createAppender('rows')
const chunk = DuckDBDataChunk.create([kind === 'string' ? VARCHAR : BIGINT, BIGINT])
for (const [i, { columns, rowCount }] of batches.entries()) {
  const values = (columns[1] as LaneColumn).values
  for (let from = 0; from < rowCount; from += chunkRows) {
    const to = Math.min(rowCount, from + chunkRows)
    const ownKeys = keys[i].slice(from, to)
    chunk.rowCount = to - from
    chunk.setColumnValues(0, typeof ownKeys[0] === 'string' ? (ownKeys as string[]) : Array.from(ownKeys as Float64Array, BigInt))
    chunk.setColumnValues(1, Array.from(values.subarray(from, to) as Float64Array, BigInt))
    appender.appendDataChunk(chunk)
  }
}
appender.closeSync()
const result = await connection.run('select count(*) as n, sum(value) as sum, key from rows group by key')
const chunks = await result.fetchAllChunks()
end()

const digest = new Digest()
for (const made of chunks) {
  const counts = made.getColumnValues(0)
  const sums = made.getColumnValues(1)
  for (let row = 0; row < counts.length; row++) digest.add(Number(counts[row]), Number(sums[row]))
}
console.log(`${digest}`)
