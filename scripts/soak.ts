/**
 * Runs the random tests far beyond what `npm test` has time for: `npm run soak [-- PART...]`. Prints how far it is, and a failure as the one command that
 * repeats it. `SOAK_SHARE=0.01` does a hundredth of everything.
 */
import { spawn } from 'node:child_process'

interface Part {
  what: string
  /** How many cases there are in all, and in one run of the tests. */
  total: number
  each: number
  test: string
  /** The variables that choose the cases `first` to `first + count`. */
  environment(first: number, count: number): Record<string, string>
}

const vitest = 'node_modules/vitest/vitest.mjs'
const seedOf = (first: number): string => String(Number(process.env.SEED ?? 1) + first)

/** Further kinds of random tests, such as seeds of a simulator, are further entries. */
const parts: readonly Part[] = [
  {
    what: 'plans',
    total: 100_000,
    each: 1000,
    test: 'test/properties/laws.test.ts',
    environment: (first, count) => ({ SEED: seedOf(first), PLANS: String(count) }),
  },
  {
    what: 'kills',
    total: 200,
    each: 20,
    test: 'test/crash/sigkill.test.ts',
    environment: (first, count) => ({ SEED: seedOf(first), KILLS: String(count) }),
  },
  {
    what: 'power-cuts',
    total: 20_000,
    each: 800,
    test: 'test/crash/power-cut.test.ts',
    environment: (first, count) => ({ SEED: seedOf(first), POINTS: String(count) }),
  },
  {
    what: 'bit-flips',
    total: 50_000,
    each: 5000,
    test: 'test/crash/bit-flips.test.ts',
    environment: (first, count) => ({ SEED: seedOf(first), FLIPS: String(count) }),
  },
  { what: 'disk-faults', total: 1, each: 1, test: 'test/crash/disk-faults.test.ts', environment: () => ({ SOAK: '1' }) },
]

const share = Number(process.env.SOAK_SHARE ?? 1)
const wanted = process.argv.slice(2)
let failures = 0
for (const part of parts.filter(({ what }) => wanted.length === 0 || wanted.includes(what))) {
  const total = Math.max(1, Math.round(part.total * share))
  for (let first = 0; first < total; first += part.each) {
    const count = Math.min(part.each, total - first)
    const environment = part.environment(first, count)
    const startMs = performance.now()
    const { code, text } = await run(part.test, environment)
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0)
    console.log(`${part.what} ${first + count} of ${total}: ${code === 0 ? 'well' : 'FAILED'} in ${seconds} s`)
    if (code === 0) continue
    failures++
    const exact = /(?:[A-Z]+=\S+ )+npx vitest run .*/.exec(text)?.[0]
    const whole = `${Object.entries(environment)
      .map(([name, value]) => `${name}=${value} `)
      .join('')}npx vitest run ${part.test}`
    console.log(`  ${exact ?? whole}`)
  }
}
process.exitCode = failures === 0 ? 0 : 1

function run(test: string, environment: Record<string, string>): Promise<{ code: number | null; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; text: string }>()
  const child = spawn(process.execPath, [vitest, 'run', '--testTimeout=0', test], {
    env: { ...process.env, ...environment, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (some) => (text += some))
  child.on('error', reject)
  child.on('close', (code) => resolve({ code, text }))
  return promise
}
