import { describe, expect, it } from 'vitest'
import { changesDisk, faultyHost } from '../../src/base/faulty-disk.ts'
import type { MemoryDisk } from '../../src/testing/memory-disk.ts'
import {
  diskWith,
  forgetProcesses,
  isHidden,
  outputsOn,
  randomFrom,
  runMeasured,
  runVirtual,
  virtualHost,
} from './virtual-machine.ts'

const files = 4
const rowsAFile = 40
const inputs = Object.fromEntries(
  Array.from({ length: files }, (_, file) => {
    const rows = Array.from(
      { length: rowsAFile },
      (_, row) => `${(file * rowsAFile + row) % 23},${file * rowsAFile + row},é${row}\n`,
    )
    return [`in/${file}.csv`, `k,n,t\n${rows.join('')}`]
  }),
)

const programs = {
  'two files and rows': `let rows = from csv('in/*.csv')
from rows |> aggregate count(*) as c, sum(n) as s, max(t) as m group by k |> order by k |> write csv('sums.csv')
from rows |> where mod(n, 3) = 0 |> order by n |> write jsonl('new/folder/thirds.jsonl')
from rows |> aggregate count(*) as c`,
  'a folder of parts': `from csv('in/*.csv') |> extend n + 1 as m |> write csv('parts')`,
  'files over older ones': `let rows = from csv('in/*.csv')
from rows |> order by n |> select n, t |> write csv('old.csv', mode => 'overwrite')
from rows |> aggregate count(*) as c group by mod(k, 4) as g |> order by g |> write csv('older', mode => 'overwrite')`,
  'rows of joined stages': `let sums = from csv('in/*.csv') |> aggregate sum(n) as s group by k
from csv('in/*.csv') as a |> join sums on a.k = sums.k |> select a.n, sums.s |> order by n |> write csv('joined.csv')`,
} as const
const before: Readonly<Record<string, string>> = {
  'old.csv': 'n,t\n1,x\n',
  'older/part-00000.csv': 'c\n1\n',
  'older/_SUCCESS': '',
}

type Mode = 'serial' | 'pipelined'
const cases = (Object.keys(programs) as (keyof typeof programs)[]).flatMap((program) =>
  (['serial', 'pipelined'] as const).map((mode) => ({ program, mode })),
)

const newDisk = (program: string): MemoryDisk => diskWith({ ...inputs, ...(program.startsWith('files over') ? before : {}) })

/** What is on the disk, and the rows, when nothing happens; and how many calls of the disk it takes. */
async function undisturbed(
  program: keyof typeof programs,
  mode: Mode,
): Promise<{ outputs: object; rows: readonly string[]; calls: number }> {
  const disk = newDisk(program)
  let calls = 0
  const host = faultyHost(virtualHost(disk, 1), (call) => void (changesDisk(call) && calls++))
  const rows = await runVirtual(programs[program], host, { mode })
  return { outputs: outputsOn(disk, inputs), rows, calls }
}

const visible = (found: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(found).filter(([name]) => !isHidden(name)))

const points = Number(process.env.POINTS ?? 200)
const firstSeed = Number(process.env.SEED ?? 1)

describe.each(cases)('power cuts in a $mode run that writes $program', ({ program, mode }) => {
  // A pipelined run starts anew, unless it had begun to give its outputs their names.
  it('lose and double no row when the run goes on over what is left', async () => {
    const expected = await undisturbed(program, mode)
    const share = Math.ceil(points / cases.length)
    for (let seed = firstSeed; seed < firstSeed + share; seed++) {
      const how = `SEED=${seed} POINTS=1 npx vitest run test/crash/power-cut.test.ts -t '${mode} run that writes ${program}'`
      const random = randomFrom(seed)
      let disk = newDisk(program)
      let rows: readonly string[] | undefined
      for (let cuts = 0; rows === undefined; cuts++) {
        // Some runs end before the cut comes; after three of them there is no other.
        const cutAt = cuts === 3 ? Number.POSITIVE_INFINITY : 1 + Math.floor(random() * expected.calls)
        let calls = 0
        let isCut = false
        const host = faultyHost(virtualHost(disk, seed * 10 + cuts), (call) => {
          if (changesDisk(call) && ++calls >= cutAt) isCut = true
          return isCut ? new Error('the power is off') : undefined
        })
        try {
          const done = await runMeasured(programs[program], host, { mode, resume: mode === 'serial' && cuts > 0 })
          rows = done.rows
          // What the journal says to be done is on the disk.
          expect(done.metrics.remadeTasks, how).toBe(0)
        } catch (thrown) {
          const { code } = thrown as { code?: string }
          // The cut came when all was done but to say so.
          if (!isCut && cuts > 0 && code === 'SINK_EXISTS') rows = expected.rows
          else if (!isCut) throw new Error(how, { cause: thrown })
        }
        if (isCut) rows = undefined
        // Also after its end: what it said to be written has to be there.
        disk = forgetProcesses(disk.afterPowerCut(random))
        const found = outputsOn(disk, inputs)
        if (rows === undefined) {
          for (const [name, text] of Object.entries(visible(found))) {
            const whole = (expected.outputs as Record<string, string>)[name]
            expect([whole, before[name]], `${name} while the run goes on: ${how}`).toContain(text)
          }
        } else {
          expect(visible(found), how).toEqual(expected.outputs)
          expect(rows, how).toEqual(expected.rows)
        }
      }
      // A later run puts away what the last cut brought back; what could go on, a week later.
      await runVirtual("from csv('in/0.csv') |> limit 1", virtualHost(disk, seed, { day: 8 }), {})
      expect(Object.keys(outputsOn(disk, inputs)).sort(), how).toEqual(Object.keys(expected.outputs).sort())
    }
  })
})
