import { describe, expect, it } from 'vitest'
import type { MillraceError } from '../../../src/base/errors.ts'
import { formatPlace } from '../../../src/base/place.ts'
import { bind } from '../../../src/dsl/bind/bind.ts'
import { buildFlow } from '../../../src/dsl/flow/build.ts'
import { printPlan } from '../../../src/ir/print.ts'
import { contextOf } from './fixtures.ts'

const files = {
  importModule: async () => ({}),
  readFile: () => '',
  projectRoot: '/',
}

const tables = `
let orders = from memory() schema (id int64 not null, shop int64, qty int64, price float64, day date)
let shops = from memory() schema (id int64 not null, name string, region string)
`

async function plan(text: string): Promise<string> {
  const { plan: unbound } = await buildFlow('/test.flow', tables + text, files)
  return printPlan((await bind(unbound, contextOf())).plan)
}

async function problems(text: string): Promise<string> {
  try {
    await plan(text)
  } catch (thrown) {
    const { errors } = thrown as MillraceError
    return errors
      .map(
        ({ code, message, details }) =>
          `${formatPlace(details.at!)} ${code} ${message}${details.hint === undefined ? '' : ` (${details.hint})`}`,
      )
      .join('\n')
  }
  return 'no error'
}

describe('programs from text', () => {
  it('bind joins, aliases and aggregates', async () => {
    expect(
      await plan(`
from orders
|> left join shops as s on orders.shop = s.id
|> set price = price * 1.1
|> where orders.price > 10 and day >= '2026-01-01'
|> aggregate sum(qty * price) / count(*) as mean, count(distinct orders.id) as n group by coalesce(region, 'none') as region
|> order by mean desc, region
|> limit 10`),
    ).toMatchInlineSnapshot(`
      "output out1
        8 limit 10 → [region#9 string, mean#13 float64?, n#12 int64] sorted mean#13 desc, region#9
          7 sort mean#13 desc, region#9 → [region#9 string, mean#13 float64?, n#12 int64] sorted mean#13 desc, region#9
            6 project region#9, mean#13 = (_c1#10 / cast(_c2#11 as float64)), n#12 → [region#9 string, mean#13 float64?, n#12 int64]
              5 aggregate _c1#10 = sum((cast(qty#2 as float64) * price#8)), _c2#11 = count(*), n#12 = count(distinct id#0) by region#9 = coalesce(region#7, 'none') → [region#9 string, _c1#10 float64?, _c2#11 int64, n#12 int64]
                4 filter ((price#3 > 10) and (day#4 >= date '2026-01-01')) → [id#0 int64, shop#1 int64?, qty#2 int64?, price#8 float64?, day#4 date?, id#5 int64?, name#6 string?, region#7 string?, price#3 float64?]
                  3 project id#0, shop#1, qty#2, price#8 = (price#3 * 1.1), day#4, id#5, name#6, region#7, price#3 → [id#0 int64, shop#1 int64?, qty#2 int64?, price#8 float64?, day#4 date?, id#5 int64?, name#6 string?, region#7 string?, price#3 float64?]
                    2 left join on shop#1 = id#5 → [id#0 int64, shop#1 int64?, qty#2 int64?, price#3 float64?, day#4 date?, id#5 int64?, name#6 string?, region#7 string?]
                      0 source memory {} → [id#0 int64, shop#1 int64?, qty#2 int64?, price#3 float64?, day#4 date?] in source order
                      1 source memory {} → [id#5 int64, name#6 string?, region#7 string?] in source order"
    `)
  })

  it('share a dataset between its uses', async () => {
    expect(
      await plan('let big = from orders |> where qty > 5\nfrom big |> select id |> union all (from big |> select shop)'),
    ).toMatchInlineSnapshot(`
      "output out1
        4 flatten (id#0) (shop#1) → [id#5 int64?] in source order
          2 project id#0 → [id#0 int64] in source order
            1 filter (qty#2 > 5) → [id#0 int64, shop#1 int64?, qty#2 int64?, price#3 float64?, day#4 date?] in source order
              0 source memory {} → [id#0 int64, shop#1 int64?, qty#2 int64?, price#3 float64?, day#4 date?] in source order
          3 project shop#1 → [shop#1 int64?] in source order
            1 (above)"
    `)
  })

  it('keep range variables through a second join and end them at aggregate', async () => {
    expect(
      await problems('from orders |> join shops on orders.shop = shops.id |> extend 1 as one |> select orders.id, shops.name'),
    ).toBe('no error')
    expect(await problems('from orders |> aggregate count(*) as n group by shop |> where orders.shop = 1')).toMatchInlineSnapshot(
      `"/test.flow:4:63 PLAN_UNKNOWN_COLUMN no table alias or column 'orders' (no table has an alias here; use \`as\`)"`,
    )
  })

  it('report all errors in the order of the text', async () => {
    expect(
      await problems(`from ordrs |> where x = 1
from orders |> where qty = 'many' |> select nothing
from shops |> where lenght(name) > 3 and region like 5 |> limit 1
from orders |> select id, name`),
    ).toMatchInlineSnapshot(`
      "/test.flow:4:6 PLAN_UNKNOWN_TABLE unknown dataset 'ordrs' (did you mean 'orders'?)
      /test.flow:5:22 PLAN_TYPE_MISMATCH '=' cannot take int64 and the text 'many' (cast one side: cast(... as int64))
      /test.flow:5:45 PLAN_UNKNOWN_COLUMN unknown column 'nothing' (columns here: id int64, shop int64, qty int64, price float64, day date)
      /test.flow:6:21 PLAN_UNKNOWN_FUNCTION unknown function 'lenght' (did you mean 'length'?)
      /test.flow:6:42 PLAN_TYPE_MISMATCH 'like' cannot take string and the number 5 (the other side is a string: write '5')
      /test.flow:7:27 PLAN_UNKNOWN_COLUMN unknown column 'name' (columns here: id int64, shop int64, qty int64, price float64, day date)"
    `)
  })
})
