import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../src/base/errors.ts'
import { type DiskCall, faultOf, faultyHost } from '../../src/base/faulty-disk.ts'
import type { RunOptions } from '../../src/run/options.ts'
import type { MemoryDisk } from '../../src/testing/memory-disk.ts'
import { diskWith, forgetProcesses, isHidden, outputsOn, runVirtual, virtualHost } from './virtual-machine.ts'

const small = Object.fromEntries(
  ['a', 'b'].map((name) => [
    `in/${name}.csv`,
    `k,n\n${Array.from({ length: 20 }, (_, n) => `${n % 7},${n}${name === 'a' ? '' : 0}\n`).join('')}`,
  ]),
)
const large = {
  'in/a.csv': `k,n,t\n${Array.from({ length: 12_000 }, (_, n) => `${(n * 7919) % 12_007},${n},some text of row ${n} that takes room\n`).join('')}`,
}

interface Case {
  what: string
  inputs: Readonly<Record<string, string>>
  text: string
  options: RunOptions
  /** Tries some calls only. */
  isLarge?: boolean
}
const writesTwo = `let rows = from csv('in/*.csv')
from rows |> aggregate count(*) as c, sum(n) as s group by k |> order by k |> write csv('sums.csv')
from rows |> order by n |> write jsonl('new/parts')
from rows |> aggregate count(*) as c`
const spilling = { memoryBytes: 6e5 }

const cases: readonly Case[] = [
  { what: 'a pipelined run', inputs: small, text: writesTwo, options: { mode: 'pipelined' } },
  { what: 'a serial run', inputs: small, text: writesTwo, options: { mode: 'serial' } },
  {
    what: 'a sort that spills',
    inputs: large,
    text: "from csv('in/a.csv') |> order by t, n |> write csv('out.csv')",
    options: spilling,
    isLarge: true,
  },
  {
    what: 'an aggregate that spills',
    inputs: large,
    text: "from csv('in/a.csv') |> aggregate sum(n) as s, max(t) as t group by k, n as m |> order by k, m |> write csv('out.csv')",
    options: spilling,
    isLarge: true,
  },
  {
    what: 'a join that spills',
    inputs: large,
    text: "let a = from csv('in/a.csv') |> extend concat(t, t) as u\nfrom a |> join a as b on a.n = b.n |> select a.k, a.t, b.n, b.u |> order by n |> write csv('out.csv')",
    options: spilling,
    isLarge: true,
  },
]

type Fault = { code: 'ENOSPC' | 'EIO' | 'EMFILE'; ops: readonly DiskCall['op'][]; allowed: readonly string[] }
const eio = ['SINK_UNWRITABLE', 'RESOURCE_DISK_FAILED', 'SOURCE_UNREADABLE']
const faults: readonly Fault[] = [
  { code: 'ENOSPC', ops: ['write', 'create', 'makeDirectory', 'rename', 'sync'], allowed: ['RESOURCE_DISK_FULL'] },
  { code: 'EMFILE', ops: ['openRead', 'create', 'append', 'list', 'syncDirectory'], allowed: ['RESOURCE_OPEN_FILES'] },
  { code: 'EIO', ops: ['openRead', 'create', 'append', 'read', 'write', 'sync', 'stat', 'list'], allowed: eio },
  { code: 'EIO', ops: ['makeDirectory', 'rename', 'remove', 'removeEmptyDirectory', 'syncDirectory'], allowed: eio },
]

/** So many calls of each kind fail, or all where there are fewer. */
const atLeast = Number(process.env.SITES ?? 0)

async function outcomeOf(run: Promise<readonly string[]>): Promise<readonly string[] | MillraceError> {
  try {
    return await run
  } catch (thrown) {
    if (thrown instanceof MillraceError) return thrown
    throw thrown
  }
}

describe.each(cases)('$what', ({ inputs, text, options, isLarge = false }) => {
  it.each(
    faults.flatMap((fault) => [
      { ...fault, once: true },
      { ...fault, once: false },
    ]),
  )(
    'ends well or tells $code of any of $ops (once: $once), leaves nothing, and goes well afterwards',
    async ({ code, ops, allowed, once }) => {
      const clean = diskWith(inputs)
      let sites = 0
      const counting = faultyHost(virtualHost(clean, 1), ({ op }) => void (ops.includes(op) && sites++))
      const rows = await runVirtual(text, counting, options)
      const expected = outputsOn(clean, inputs)
      // Every write and open of a small run; else the first and the last ones, which are special, and some between them.
      const most = sites <= atLeast || (!isLarge && once && code !== 'EIO') ? sites : Math.max(atLeast, isLarge ? 4 : 12)
      const step = Math.ceil(sites / most)
      const tried = Array.from({ length: sites }, (_, i) => i + 1).filter((n) => n <= 2 || n > sites - 2 || n % step === 0)
      for (const site of tried) {
        const disk = diskWith(inputs)
        let seen = 0
        let failed: DiskCall | undefined
        const host = faultyHost(virtualHost(disk, 2), (call) => {
          if (!ops.includes(call.op)) return undefined
          seen++
          if (once ? seen !== site : seen < site) return undefined
          failed ??= call
          return faultOf(code, call)
        })
        const outcome = await outcomeOf(runVirtual(text, host, options))
        const where = `${code} of ${failed?.op} of '${failed?.path}', call ${site} of ${sites}: ${outcome}`
        if (outcome instanceof MillraceError) expect(allowed, where).toContain(outcome.code)
        else expect(outcome, where).toEqual(rows)
        checkLeft(disk, inputs, expected, outcome, where)
        forgetProcesses(disk)
        if (outcome instanceof MillraceError) {
          const again = await outcomeOf(runVirtual(text, virtualHost(disk, 3), { ...options, resume: options.mode === 'serial' }))
          // It had begun to give its outputs their names.
          if (again instanceof MillraceError) expect(again.code, where).toBe('SINK_EXISTS')
          else expect(again, where).toEqual(rows)
        } else await runVirtual("from csv('in/a.csv') |> limit 1", virtualHost(disk, 4), {})
        expect(outputsOn(disk, inputs), `afterwards: ${where}`).toEqual(expected)
      }
    },
  )
})

function checkLeft(
  disk: MemoryDisk,
  inputs: Readonly<Record<string, string>>,
  expected: Record<string, string>,
  outcome: readonly string[] | MillraceError,
  where: string,
): void {
  const found = Object.entries(outputsOn(disk, inputs))
  const visible = found.filter(([name]) => !isHidden(name))
  for (const [name, text] of visible) expect(text, `${name}: ${where}`).toBe(expected[name])
  if (!(outcome instanceof MillraceError)) expect(Object.fromEntries(visible), where).toEqual(expected)
}
