import { describe, expect, it } from 'vitest'
import { changesDisk, faultyHost } from '../../src/base/faulty-disk.ts'
import type { Host } from '../../src/base/host.ts'
import { diskWith, forgetProcesses, outputsOn, randomFrom, runVirtual, virtualHost } from './virtual-machine.ts'

const inputs = Object.fromEntries(
  Array.from({ length: 3 }, (_, file) => [
    `in/${file}.csv`,
    `k,n\n${Array.from({ length: 30 }, (_, row) => `${row % 7},${file * 30 + row}\n`).join('')}`,
  ]),
)
const text = `let rows = from csv('in/*.csv')
from rows |> aggregate count(*) as c, sum(n) as s group by k |> order by k |> write csv('sums.csv')
from rows |> where mod(n, 3) = 0 |> order by n |> write jsonl('thirds')
from rows |> aggregate count(*) as c`
const hoursUs = 3600 * 1e6

/** A host whose wall clock is set back or forward by up to a day at each look, and whose monotonic clock stands still or jumps ahead by hours. */
function jumping(host: Host, seed: number): Host {
  const random = randomFrom(seed)
  const start = host.clock.wallTimeUs()
  let nowMs = 0
  return {
    ...host,
    clock: {
      ...host.clock,
      wallTimeUs: () => start + Math.floor((random() - 0.5) * 48 * hoursUs),
      nowMs: () => (nowMs += random() < 0.1 ? 3 * 3600 * 1000 : 0),
    },
  }
}

describe.each(['serial', 'pipelined'] as const)('clocks that jump in a %s run', (mode) => {
  it('change neither what is written nor what is left, also when the run is cut off and goes on', async () => {
    const clean = diskWith(inputs)
    const rows = await runVirtual(text, virtualHost(clean, 1), { mode })
    const expected = outputsOn(clean, inputs)
    for (let seed = 1; seed <= 12; seed++) {
      const disk = diskWith(inputs)
      let calls = 0
      const cut = faultyHost(jumping(virtualHost(disk, seed), seed), (call) =>
        changesDisk(call) && ++calls > seed * 3 ? new Error('cut off') : undefined,
      )
      await runVirtual(text, cut, { mode }).catch(() => {})
      forgetProcesses(disk)
      const host = jumping(virtualHost(disk, -seed), -seed)
      const again = await runVirtual(text, host, { mode, resume: mode === 'serial' }).catch((thrown) => thrown.code)
      // A pipelined run that was cut off in its commit is completed, and refuses to write again.
      expect(mode === 'pipelined' && again === 'SINK_EXISTS' ? rows : again).toEqual(rows)
      expect(outputsOn(disk, inputs)).toEqual(expected)
    }
  })
})
