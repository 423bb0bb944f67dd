import { DuckDBInstance } from '@duckdb/node-api'
import { answer } from './answer.js'

const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
const connection = await instance.connect()
const file = process.argv[2].replaceAll("'", "''")
const reader = await connection.runAndReadAll(
  `select word, count(*)::int from (select unnest(string_split(line, ' ')) as word from read_csv('${file}', columns = {'line': 'varchar'}, delim = '\\x01', quote = '', escape = '', header = false, auto_detect = false)) group by word`,
)
const result = answer()
for (const [word, count] of reader.getRows()) result.add(word, count)
console.log(result.end())
