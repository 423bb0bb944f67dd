import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { xoshiro } from './random.ts'

/**
 * Orders as CSV or JSON lines, `megabytes` MB: numbers, dates, words of few and of many values, and a comment of which some need quotes. The same
 * size gives the same bytes. Kept in the temporary folder and made once.
 */
export function orders(kind: 'csv' | 'jsonl', megabytes: number): string {
  const folder = join(tmpdir(), 'millrace-bench')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `orders-${megabytes}mb.${kind}`)
  if (existsSync(path) && statSync(path).size >= megabytes * 1e6) return path
  const random = xoshiro(20261124)
  const write = kind === 'csv' ? csvLine : (order: Order): string => JSON.stringify(order)
  const file = openSync(`${path}.part`, 'w')
  let lines: string[] = kind === 'csv' ? ['id,customer,price,discount,status,city,ordered,comment'] : []
  for (let id = 1, written = 0; written < megabytes * 1e6; id++) {
    lines.push(write(makeOrder(id, random)))
    if (lines.length < 10_000) continue
    written += writeSync(file, `${lines.join('\n')}\n`)
    lines = []
  }
  closeSync(file)
  renameSync(`${path}.part`, path)
  return path
}

type Order = ReturnType<typeof makeOrder>

function makeOrder(id: number, random: () => number) {
  const pick = <T>(values: readonly T[]): T => values[random() % values.length]
  const day = new Date(Date.UTC(2020, 0, 1 + (random() % 2000))).toISOString().slice(0, 10)
  const comment = Array.from({ length: 2 + (random() % 6) }, () => pick(words)).join(' ')
  return {
    id,
    customer: random() % 150_000,
    price: (random() % 10_000_000) / 100,
    discount: (random() % 11) / 100,
    status: pick(statuses),
    city: `${pick(words)} ${pick(words)}`,
    ordered: day,
    comment: random() % 8 === 0 ? `${comment}, "${pick(words)}"` : comment,
  }
}

const statuses = ['open', 'paid', 'shipped', 'returned']
const words = 'stone river north bridge market hill green lake west mill field harbour church old new upper grand saint'.split(
  ' ',
)

function csvLine(order: Order): string {
  const fields = Object.values(order).map((value) => {
    const text = String(value)
    return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  })
  return fields.join(',')
}
