import { expect, it } from 'vitest'
import { type FaultKind, faultKinds } from '../../../src/backends/simulator/rows/faults.ts'
import { trial } from './trial.ts'

const first = Number(process.env.SEED ?? 1)
const seeds = Number(process.env.SEEDS ?? 500)
const mostFailures = 20

it(`loses and doubles no row with the faults of ${seeds} seeds, every kind of fault among them`, {
  timeout: 600_000 + seeds * 1000,
}, async () => {
  const hits = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<FaultKind, number>
  const counts = { retries: 0, backups: 0, remade: 0, lives: 0 }
  const failures: string[] = []
  for (let seed = first; seed < first + seeds && failures.length < mostFailures; seed++) {
    try {
      const done = await trial(seed)
      for (const kind of faultKinds) hits[kind] += done.hits[kind]
      for (const name of ['retries', 'backups', 'remade', 'lives'] as const) counts[name] += done[name]
    } catch (thrown) {
      failures.push(
        `SEED=${seed} SEEDS=1 npx vitest run test/backends/simulator/rows.test.ts -t loses\n${(thrown as Error).stack}`,
      )
    }
  }
  expect(failures.join('\n\n')).toBe('')
  if (seeds < 100) return
  for (const kind of faultKinds) expect(hits[kind], kind).toBeGreaterThan(seeds / 20)
  expect(counts.retries).toBeGreaterThan(seeds)
  expect(counts.lives).toBeGreaterThan(seeds)
  expect(Math.min(counts.backups, counts.remade)).toBeGreaterThan(seeds / 20)
})

it('goes the same way whenever it has the same seed', async () => {
  for (let seed = 1000; seed < 1050; seed++) {
    const { log, logHash } = await trial(seed)
    expect((await trial(seed)).logHash, `seed ${seed}: ${log.length} entries`).toBe(logHash)
  }
}, 120_000)
