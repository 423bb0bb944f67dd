import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

// Runs the random tests far beyond what `npm test` has time for.
//   npm run soak                                 everything: days of one core
//   npm run soak -- --scale 0.02                 a fiftieth of everything
//   npm run soak -- simulator kills              these parts
//   npm run soak -- simulator --cases 5000 --seed 17
// Prints how far it is, then a line a part; a failure as the one command that repeats it.

interface Part {
  /** How many cases there are in all, and in one run of the tests. */
  total: number
  each: number
  test: string
  /** The variables that choose the cases `first` to `first + count`. */
  environment(first: number, count: number): Record<string, string>
}

const usage = 'npm run soak -- [PART...] [--scale SHARE] [--cases COUNT] [--seed NUMBER]'
const { scale, cases, firstSeed, wanted } = readArguments()
const seedOf = (first: number): string => String(firstSeed + first)

const parts: Readonly<Record<string, Part>> = {
  /** Real rows on imagined workers, with twelve kinds of faults. */
  simulator: {
    total: 100_000,
    each: 5000,
    test: 'test/backends/simulator/rows.test.ts',
    environment: (first, count) => ({ SEED: seedOf(first), SEEDS: String(count) }),
  },
  /** Random plans; each of them on threads and in processes too. */
  plans: {
    total: 1000,
    each: 200,
    test: 'test/properties/laws.test.ts',
    environment: (first, count) => ({ SEED: seedOf(first), PLANS: String(count), WITH_WORKERS: '1' }),
  },
  'inline-plans': {
    total: 20_000,
    each: 1000,
    test: 'test/properties/laws.test.ts',
    environment: (first, count) => ({ SEED: seedOf(first), PLANS: String(count), WITH_WORKERS: '1000000' }),
  },
  /** SIGKILL of real processes. */
  kills: {
    total: 200,
    each: 20,
    test: 'test/crash/sigkill.test.ts',
    environment: (first, count) => ({ SEED: seedOf(first), KILLS: String(count) }),
  },
  'power-cuts': {
    total: 20_000,
    each: 800,
    test: 'test/crash/power-cut.test.ts',
    environment: (first, count) => ({ SEED: seedOf(first), POINTS: String(count) }),
  },
  'bit-flips': {
    total: 50_000,
    each: 5000,
    test: 'test/crash/bit-flips.test.ts',
    environment: (first, count) => ({ SEED: seedOf(first), FLIPS: String(count) }),
  },
  /** Each call of the disk fails, of each kind of call in each program. */
  'disk-faults': {
    total: 1000,
    each: 1000,
    test: 'test/crash/disk-faults.test.ts',
    environment: (_, count) => ({ SITES: String(count) }),
  },
}

const unknown = wanted.filter((name) => parts[name] === undefined)
if (unknown.length > 0) refuse(`no part is called ${unknown.join(', ')}: there are ${Object.keys(parts).join(', ')}`)

const summary: string[] = []
const failures: string[] = []
for (const [name, part] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const startMs = performance.now()
  const before = failures.length
  const total = Math.max(1, Math.round(cases ?? part.total * scale))
  for (let first = 0; first < total; first += part.each) {
    const count = Math.min(part.each, total - first)
    failures.push(...(await runCases(part, first, count)))
    console.log(`${name}: ${first + count} of ${total} in ${secondsSince(startMs)} s`)
  }
  const failed = failures.length - before
  const outcome = failed === 0 ? 'well' : `${failed} FAILED`
  summary.push(`${name}: ${total} of ${part.total} cases from seed ${firstSeed}, ${outcome}, ${secondsSince(startMs)} s`)
}
console.log(`\n${[...summary, ...failures].join('\n')}`)
process.exitCode = failures.length === 0 ? 0 : 1

/** What repeats those that failed. */
async function runCases(part: Part, first: number, count: number): Promise<string[]> {
  const environment = part.environment(first, count)
  const { code, text } = await run(part.test, environment)
  if (code === 0) return []
  console.log(text)
  // Tests that know the one case which failed say so.
  const exact = [...text.matchAll(/(?:[A-Z]+=\S+ )+npx vitest run \S+(?: -t '[^']*'| -t \S+)?/g)].map(([how]) => how)
  const variables = Object.entries(environment).map(([variable, value]) => `${variable}=${value}`)
  return exact.length > 0 ? [...new Set(exact)] : [`${variables.join(' ')} npx vitest run ${part.test}`]
}

function run(test: string, environment: Record<string, string>): Promise<{ code: number | null; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; text: string }>()
  const vitest = 'node_modules/vitest/vitest.mjs'
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

function readArguments(): { scale: number; cases: number | undefined; firstSeed: number; wanted: readonly string[] } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { scale: { type: 'string', default: '1' }, cases: { type: 'string' }, seed: { type: 'string', default: '1' } },
    })
    const read = (name: string, text: string): number => {
      const value = Number(text)
      return value > 0 && Number.isFinite(value) ? value : refuse(`--${name} takes a number above 0, found '${text}'`)
    }
    return {
      scale: read('scale', values.scale),
      cases: values.cases === undefined ? undefined : read('cases', values.cases),
      firstSeed: read('seed', values.seed),
      wanted: positionals,
    }
  } catch (thrown) {
    return refuse((thrown as Error).message)
  }
}

function refuse(why: string): never {
  console.error(`${why}\n${usage}`)
  process.exit(2)
}

function secondsSince(startMs: number): string {
  return ((performance.now() - startMs) / 1000).toFixed(0)
}
