import { expect, it } from 'vitest'
import { changesDisk, faultyHost } from '../../src/base/faulty-disk.ts'
import type { MemoryDisk } from '../../src/testing/memory-disk.ts'
import { cwd, diskWith, forgetProcesses, outputsOn, runVirtual, virtualHost } from './virtual-machine.ts'

const inputs = Object.fromEntries(
  [0, 1, 2].map((file) => [`in/${file}.csv`, `k,n\n${[0, 1, 2, 3].map((row) => `${row % 2},${file * 4 + row}\n`).join('')}`]),
)
const text = `let rows = from csv('in/*.csv')
from rows |> extend n + 1 as m |> write csv('parts')
from rows |> aggregate sum(n) as s group by k |> order by k |> write csv('sums.csv')`

/** A disk on which a process ended before one of the calls that change it; undefined when there are fewer. */
async function leftBy(endsAt: number): Promise<MemoryDisk | undefined> {
  const disk = diskWith(inputs)
  let calls = 0
  const host = faultyHost(virtualHost(disk, 1), (call) =>
    changesDisk(call) && ++calls >= endsAt ? new Error('the process has ended') : undefined,
  )
  const ended = await runVirtual(text, host, { mode: 'serial' }).then(
    () => false,
    () => true,
  )
  return ended ? forgetProcesses(disk) : undefined
}

/** What tasks have left for others and for sinks; nothing once that is to get its final names, since all of it is needed then. */
function keptBy(disk: MemoryDisk | undefined): string[] {
  const files = disk === undefined ? {} : outputsOn(disk, inputs)
  if (Object.values(files).some((content) => content.includes('"record":"commit"'))) return []
  return Object.keys(files).filter((name) => /\.(blocks|part)$/.test(name))
}

it('a run goes on wherever it was killed, whichever of its files is gone', async () => {
  const whole = diskWith(inputs)
  await runVirtual(text, virtualHost(whole, 1), { mode: 'serial' })
  const expected = outputsOn(whole, inputs)
  let tried = 0
  for (let endsAt = 1; ; endsAt += 3) {
    const count = keptBy(await leftBy(endsAt)).length
    for (let i = 0; i < count; i++) {
      const disk = (await leftBy(endsAt)) as MemoryDisk
      const name = keptBy(disk)[i]
      disk.remove(`${cwd}/${name}`)
      await runVirtual(text, virtualHost(disk, 2), { mode: 'serial', resume: true })
      expect(outputsOn(disk, inputs), `without ${name}, killed before call ${endsAt}`).toEqual(expected)
      tried++
    }
    if (count === 0 && tried > 0) break
  }
  expect(tried).toBeGreaterThan(20)
})
