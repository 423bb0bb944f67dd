import { DuckDBInstance } from '@duckdb/node-api'

const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
const connection = await instance.connect()
const file = process.argv[2].replaceAll("'", "''")
const types =
  "{'l_quantity': 'double', 'l_extendedprice': 'double', 'l_discount': 'double', 'l_tax': 'double', 'l_shipdate': 'date'}"
const reader = await connection.runAndReadAll(`
  select
    l_returnflag, l_linestatus,
    sum(l_quantity), sum(l_extendedprice),
    sum(l_extendedprice * (1 - l_discount)),
    sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)),
    avg(l_quantity), avg(l_extendedprice), avg(l_discount),
    count(*)
  from read_csv('${file}', header = true, types = ${types})
  where l_shipdate <= date '1998-09-02'
  group by all
  order by 1, 2`)
console.log(reader.columnNames().join(','))
for (const row of reader.getRows()) console.log(row.join(','))
