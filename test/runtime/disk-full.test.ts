import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { MillraceError } from '../../src/base/errors.ts'
import { failWrites, faultyHost } from '../../src/base/faulty-disk.ts'
import { nodeHost } from '../../src/base/node-host.ts'
import { execute } from '../../src/run/execute.ts'
import type { RunOptions } from '../../src/run/options.ts'
import { type Prepared, prepare } from '../../src/run/prepare.ts'
import { loadFlow } from '../../src/run/program.ts'
import { leftovers } from '../cli/cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-disk-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const rowCount = 50_000
writeFileSync(
  join(folder, 'in.csv'),
  `k,v,t\n${Array.from({ length: rowCount }, (_, n) => `${(n * 7919) % 30_011},${n},some text of row ${n} that takes room\n`).join('')}`,
)

const programs: readonly { what: string; text: string; options: RunOptions }[] = [
  { what: 'a csv file', text: "from csv('in.csv') |> write csv('out.csv')", options: {} },
  { what: 'JSON lines in parts', text: "from csv('in.csv') |> write jsonl('out')", options: {} },
  { what: 'a changelog', text: "from csv('in.csv') |> where v < 5000 |> write changelog('out.csv')", options: {} },
  {
    what: 'rows between the stages of a serial run',
    text: "from csv('in.csv') |> aggregate count(*) as n group by k |> write csv('out.csv')",
    options: { mode: 'serial', resumable: false },
  },
]

async function prepared(text: string, options: RunOptions): Promise<Prepared> {
  const program = await loadFlow(join(folder, 'program.flow'), text, new Map())
  return prepare(program, { backend: 'inline', cwd: folder, ...options })
}

/** A host that counts its writes. */
function countWrites(): { host: Prepared['host']; count(): number } {
  let writes = 0
  const host = faultyHost(nodeHost(), ({ op }) => void (op === 'write' && writes++))
  return { host, count: () => writes }
}

const outputs = ['out.csv', 'out']
const removeOutputs = (): void => {
  for (const name of outputs) rmSync(join(folder, name), { recursive: true, force: true })
}

describe.each(programs)('writing $what', ({ text, options }) => {
  it.each(['ENOSPC', 'EIO'] as const)('fails cleanly when any write fails with %s', async (fault) => {
    removeOutputs()
    const ready = await prepared(text, options)
    const { host, count } = countWrites()
    const whole = await execute({ ...ready, host }, options)
    whole.close()
    // The last one says that the run is over: by then its outputs have their names, and nothing can fail any more.
    const total = count() - 1
    expect(total).toBeGreaterThan(1)
    // Every write of a small run, some of a larger one: the first and the last ones are special.
    const step = Math.max(1, Math.floor(total / 12))
    const tried = Array.from({ length: total }, (_, i) => i + 1).filter((n) => n <= 3 || n > total - 3 || n % step === 0)
    for (const failAt of tried) {
      removeOutputs()
      const failing = execute({ ...ready, host: failWrites(nodeHost(), failAt, fault) }, options)
      const error = await failing.then(
        (done) => {
          done.close()
          return undefined
        },
        (thrown) => thrown,
      )
      expect(error, `write ${failAt} of ${total}`).toBeInstanceOf(MillraceError)
      const { code, message } = error as MillraceError
      expect(
        fault === 'ENOSPC' ? ['RESOURCE_DISK_FULL'] : ['SINK_UNWRITABLE', 'RESOURCE_DISK_FAILED'],
        `${message} at write ${failAt} of ${total}`,
      ).toContain(code)
      for (const name of outputs) expect(existsSync(join(folder, name)), `${name} after write ${failAt} of ${total}`).toBe(false)
      expect(leftovers(folder)).toEqual([])
    }
    removeOutputs()
    const again = await execute(ready, options)
    again.close()
    expect(again.rowsWritten).toBe(whole.rowsWritten)
  })
})

it('keeps what was there before when an overwriting run fails', async () => {
  removeOutputs()
  writeFileSync(join(folder, 'out.csv'), 'mine\n')
  const ready = await prepared("from csv('in.csv') |> write csv('out.csv', mode => 'overwrite')", {})
  await expect(execute({ ...ready, host: failWrites(nodeHost(), 3, 'ENOSPC') }, {})).rejects.toMatchObject({
    code: 'RESOURCE_DISK_FULL',
  })
  expect(readFileSync(join(folder, 'out.csv'), 'utf8')).toBe('mine\n')
  expect(leftovers(folder)).toEqual([])
})
