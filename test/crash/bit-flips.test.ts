import { describe, expect, it } from 'vitest'
import { faultyHost } from '../../src/base/faulty-disk.ts'
import type { Host } from '../../src/base/host.ts'
import { type Schema, types } from '../../src/data/type.ts'
import { readBlocks } from '../../src/runtime/block-file.ts'
import type { MemoryDisk } from '../../src/testing/memory-disk.ts'
import { diskWith, forgetProcesses, outputsOn, randomFrom, runVirtual, virtualHost } from './virtual-machine.ts'

const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff)
const flips = Number(process.env.FLIPS ?? 1000)
const how = `SEED=${seed} npx vitest run test/crash/bit-flips.test.ts`

const inputs = Object.fromEntries(
  Array.from({ length: 3 }, (_, file) => {
    const rows = Array.from({ length: 60 }, (_, row) => `${(file * 60 + row) % 31},${file * 60 + row},é${row}\n`)
    return [`in/${file}.csv`, `k,n,t\n${rows.join('')}`]
  }),
)
const text = `from csv('in/*.csv') |> aggregate count(*) as c, sum(n) as s, max(t) as m group by k
|> order by s |> write csv('out.csv')`

/** Flips a bit of the file in place. */
function flip(disk: MemoryDisk, path: string, bit: number): void {
  disk.read(path)[bit >> 3] ^= 1 << (bit & 7)
}

/** A disk on which a serial run has stopped at its last task. */
async function stoppedDisk(): Promise<MemoryDisk> {
  const disk = diskWith(inputs)
  let isStopped = false
  const host = faultyHost(virtualHost(disk, 1), ({ op, path }) => {
    isStopped ||= op === 'create' && path.endsWith('.part')
    return isStopped ? new Error('stopped') : undefined
  })
  await runVirtual(text, host, { mode: 'serial' }).catch(() => {})
  return forgetProcesses(disk)
}

/** The same disk once more. */
const copyOf = (disk: MemoryDisk): MemoryDisk => disk.afterPowerCut(() => 0.99)

describe(`a flipped bit (seed ${seed})`, () => {
  it('of the journal or of rows between stages never changes what a resumed run writes', async () => {
    const random = randomFrom(seed)
    const stopped = await stoppedDisk()
    const clean = copyOf(stopped)
    await runVirtual(text, virtualHost(clean, 2), { mode: 'serial', resume: true })
    const expected = outputsOn(clean, inputs)
    const kept = stopped.files().filter((path) => path.includes('.millrace'))
    expect(kept.filter((path) => path.endsWith('.blocks')).length).toBeGreaterThan(5)
    for (let i = 0; i < flips * 0.3; i++) {
      const disk = copyOf(stopped)
      const path = kept[Math.floor(random() * kept.length)]
      const bit = Math.floor(random() * disk.read(path).length * 8)
      flip(disk, path, bit)
      const what = `bit ${bit} of ${path}: ${how}`
      await runVirtual(text, virtualHost(disk, 3), { mode: 'serial', resume: true }).catch((thrown) => {
        throw new Error(what, { cause: thrown })
      })
      expect(outputsOn(disk, inputs)['out.csv'], what).toBe(expected['out.csv'])
    }
  })

  const schema: Schema = [
    { name: 'k', type: types.int64, nullable: true },
    { name: 'n', type: types.int64, nullable: true },
    { name: 't', type: types.string, nullable: true },
  ]
  const large = {
    'in.csv': `k,n,t\n${Array.from({ length: 12_000 }, (_, n) => `${(n * 7919) % 12_007},${n},text of row ${n}\n`).join('')}`,
  }
  const sorting = "from csv('in.csv') |> order by t, n |> write csv('out.csv')"

  it('of a spilled block is found when the block is read', async () => {
    const random = randomFrom(seed)
    const disk = diskWith(large)
    let spilled: MemoryDisk | undefined
    let spills: string[] = []
    // Just before the first spilled row is read again.
    const host = faultyHost(virtualHost(disk, 1), ({ op, path }) => {
      if (spilled !== undefined || op !== 'read' || !path.includes('spill-')) return undefined
      spilled = copyOf(disk)
      spills = spilled.files().filter((name) => name.includes('spill-'))
      return undefined
    })
    await runVirtual(sorting, host, { memoryBytes: 6e5 })
    const files = spilled as unknown as MemoryDisk
    for (const path of spills) expect([...readBlocks(files, path, schema)].length).toBeGreaterThan(0)
    for (let i = 0; i < flips * 0.7; i++) {
      const path = spills[Math.floor(random() * spills.length)]
      const bit = Math.floor(random() * files.read(path).length * 8)
      flip(files, path, bit)
      expect(() => [...readBlocks(files, path, schema)], `bit ${bit} of ${path}: ${how}`).toThrow(
        expect.objectContaining({ code: 'DATA_CORRUPT' }),
      )
      flip(files, path, bit)
    }
  })

  it.each(['sort', 'aggregate', 'join'])(
    'of rows that a %s has spilled is noticed, and they are made again',
    async (operator) => {
      const programs: Record<string, string> = {
        sort: sorting,
        aggregate:
          "from csv('in.csv') |> aggregate sum(n) as s, max(t) as m group by k, n as o |> order by k, o |> write csv('out.csv')",
        join: "let a = from csv('in.csv')\nfrom a |> join a as b on a.n = b.n |> select a.k, a.t, b.n |> order by n |> write csv('out.csv')",
      }
      const random = randomFrom(seed)
      const clean = diskWith(large)
      let reads = 0
      const counting = faultyHost(
        virtualHost(clean, 1),
        ({ op, path }) => void (op === 'read' && path.includes('spill-') && reads++),
      )
      await runVirtual(programs[operator], counting, { memoryBytes: 6e5 })
      expect(reads).toBeGreaterThan(1)
      for (let i = 0; i < 8; i++) {
        const disk = diskWith(large)
        const wanted = 1 + Math.floor(random() * reads)
        await runVirtual(programs[operator], flipReads(virtualHost(disk, 1), wanted, random), { memoryBytes: 6e5 })
        expect(outputsOn(disk, large), how).toEqual(outputsOn(clean, large))
      }
    },
  )
})

/** A host that flips a bit of what the n-th read of a spilled file gives. */
function flipReads(host: Host, wanted: number, random: () => number): Host {
  let reads = 0
  return {
    ...host,
    disk: {
      ...bound(host.disk as MemoryDisk),
      openRead(path) {
        const file = host.disk.openRead(path)
        if (!path.includes('spill-')) return file
        return {
          ...file,
          path,
          read(target, offset, length, position) {
            const count = file.read(target, offset, length, position)
            if (count > 0 && ++reads === wanted) target[offset + Math.floor(random() * count)] ^= 1 << Math.floor(random() * 8)
            return count
          },
        }
      },
    },
  }
}

/** The methods of a class as plain functions. */
function bound(disk: MemoryDisk): Host['disk'] {
  return faultyHost({ ...virtualHost(disk, 0) }, () => undefined).disk
}
