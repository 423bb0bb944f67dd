import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { cli, killGroup, leftovers, project, startCli } from '../cli/cli.ts'
import { randomFrom } from './virtual-machine.ts'

const files = 10
const rowsAFile = 40
const rowCount = files * rowsAFile
const preload = ['--import', fileURLToPath(new URL('./kill-at.mjs', import.meta.url))]
const args = (...more: string[]): string[] => ['run', 'p.flow', '--mode', 'serial', '--quiet', '--format', 'csv', ...more]

const source = {
  'tag.mjs': `import { appendFileSync } from 'node:fs'
export const tag = (n) => { appendFileSync('calls', '.'); return 'é' + n }
`,
  'p.flow': `import { tag(int64) returns string } from './tag.mjs'
let rows = from csv('in/*.csv') |> extend tag(n) as t
from rows |> aggregate count(*) as c, sum(n) as s, max(t) as m group by k |> order by k |> write csv('out/sums.csv')
from rows |> where mod(n, 3) = 0 |> order by t |> write jsonl('out/thirds.jsonl')
from rows |> write csv('out/all')
from rows |> aggregate count(*) as c
`,
  ...Object.fromEntries(
    Array.from({ length: files }, (_, file) => [
      `in/${String(file).padStart(2, '0')}.csv`,
      `k,n\n${Array.from({ length: rowsAFile }, (_, row) => `${row % 7},${file * rowsAFile + row}\n`).join('')}`,
    ]),
  ),
}

const callsIn = (folder: string): number => (existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls')).length : 0)

/** Every file of the outputs, with the bytes that are in it. */
function outputsIn(folder: string): Record<string, string> {
  const out = join(folder, 'out')
  if (!existsSync(out)) return {}
  const names = readdirSync(out, { recursive: true, encoding: 'utf8', withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    names
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path.slice(out.length), readFileSync(path, 'latin1')]),
  )
}

interface Undisturbed {
  outputs: Record<string, string>
  stdout: string
  wallMs: number
  diskCalls: number
}

async function undisturbed(): Promise<Undisturbed> {
  const folder = project(source)
  const start = performance.now()
  const run = startCli(args(), { cwd: folder, node: preload, env: { KILL_AT: 'any 0', COUNT_CALLS: join(folder, 'count') } })
  const { code, stdout, stderr } = await run.ended
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(callsIn(folder)).toBe(rowCount)
  const diskCalls = Number(readFileSync(join(folder, 'count'), 'utf8'))
  return { outputs: outputsIn(folder), stdout, wallMs: performance.now() - start, diskCalls }
}
let once: Promise<Undisturbed> | undefined
const expected = (): Promise<Undisturbed> => {
  once ??= undisturbed()
  return once
}

/** Goes on until the run is over, and looks at what is there then. */
async function resumeToEnd(folder: string, how: string): Promise<void> {
  const { outputs, stdout } = await expected()
  const last = await cli(args('--resume'), { cwd: folder })
  // The kill may have come when all was done but to say so.
  if (last.code === 4) expect(last.stderr, how).toContain('SINK_EXISTS')
  else expect({ ...last, how }).toEqual({ code: 0, signal: null, stderr: '', stdout, how })
  expect(outputsIn(folder), how).toEqual(outputs)
  expect(leftovers(folder), how).toEqual([])
}

const kills = Number(process.env.KILLS ?? 20)
const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff)

describe(`a serial run that is killed with its process group (seed ${seed})`, () => {
  it('goes on, and writes what an undisturbed run writes, wherever it was killed', async () => {
    const { wallMs, diskCalls } = await expected()
    for (let number = 0; number < kills; number++) {
      const random = randomFrom(seed + number)
      const how = `SEED=${seed + number} KILLS=1 npx vitest run test/crash/sigkill.test.ts -t wherever`
      const folder = project(source)
      // One or two kills: at a call of the disk, or at any time.
      for (let again = random() < 0.3 ? 2 : 1; again > 0; again--) {
        const resume = existsSync(join(folder, '.millrace')) ? ['--resume'] : []
        const killAt = random() < 0.7 ? `any ${1 + Math.floor(random() * diskCalls)}` : undefined
        const run = startCli(args(...resume), { cwd: folder, node: preload, env: { KILL_AT: killAt ?? 'none 0' } })
        if (killAt === undefined) {
          await Promise.race([setTimeout(wallMs * (0.3 + 0.7 * random())), run.ended])
          killGroup(run)
        }
        const { code, signal, stderr } = await run.ended
        if (signal === null) expect([0, 4], `${stderr} ${how}`).toContain(code)
      }
      await resumeToEnd(folder, how)
      rmSync(folder, { recursive: true })
    }
  })

  it.each([
    ['while its first record is written', 'write 1 journal'],
    ['while a task is recorded', 'write 4 journal'],
    ['before a task that was recorded is synced', 'sync 5 journal'],
    ['while rows between stages are written', 'write 3 exchange-.*blocks'],
    ['before rows between stages are synced', 'sync 4 exchange-.*blocks'],
    ['while the index of a file between stages is written', 'write 6 exchange-.*blocks'],
    ['while a part is written', 'write 2 part$'],
    ['before a part is synced', 'sync 2 part$'],
    ['before the first output gets its name', 'rename 1 sums.csv'],
    ['between two outputs', 'rename 1 thirds.jsonl'],
    ['before a part of a folder gets its name', 'rename 3 part-'],
    ['before a folder of parts gets its name', 'rename 1 out/all$'],
    ['while its folder is removed', 'remove 3 blocks$'],
    ['before its journal is removed', 'remove 1 runs/[^/]*$'],
  ])('goes on when it was killed %s', async (_, killAt) => {
    const folder = project(source)
    const run = startCli(args(), { cwd: folder, node: preload, env: { KILL_AT: killAt } })
    expect(await run.ended).toMatchObject({ signal: 'SIGKILL' })
    await resumeToEnd(folder, killAt)
  })

  it('calls no function again for what was done before the kill, at 80 % of the work', async () => {
    const folder = project(source)
    const run = startCli(args(), { cwd: folder })
    await run.until(() => callsIn(folder) >= rowCount * 0.8, '80 % of the calls')
    killGroup(run)
    await run.ended
    const before = callsIn(folder)
    await resumeToEnd(folder, 'at 80 %')
    // One batch is one file here.
    expect(callsIn(folder) - before).toBeLessThanOrEqual(0.3 * rowCount + rowsAFile)
  })
})
