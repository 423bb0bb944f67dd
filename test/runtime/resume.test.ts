import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { inlineBackend } from '../../src/backends/inline/index.ts'
import { nodeHost } from '../../src/base/node-host.ts'
import { clearDeadRuns, findInterruptedRun } from '../../src/runtime/run-folder.ts'
import { openRunRecord, type RunRecord } from '../../src/runtime/run-record.ts'
import { expectedSums, requestFor, sinkPlan, sortedRows, tempFolder, testConnectors } from './plans.ts'

const host = nodeHost()
const child = fileURLToPath(new URL('./crash-child.ts', import.meta.url))
const isSame = (program: unknown): boolean => (program as { n: bigint }).n === 1n

/** A folder in which a run was killed with SIGKILL. */
function crash(mode: 'serial' | 'pipelined', recoverable: boolean, killAt: number | 'commit'): string {
  const folder = tempFolder()
  const { signal, stderr } = spawnSync(process.execPath, [child, folder, mode, String(recoverable), String(killAt)], {
    encoding: 'utf8',
  })
  expect(signal, stderr).toBe('SIGKILL')
  return folder
}

const rowsIn = (folder: string) =>
  sortedRows(
    readFileSync(join(folder, 'out.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  )

async function resume(folder: string, mode: 'serial' | 'pipelined', change: object = {}) {
  const run = findInterruptedRun(host, join(folder, 'runs'), isSame)
  if (run === undefined) throw new Error('no interrupted run was found')
  const plan = { ...sinkPlan(mode, join(folder, 'out.jsonl')), ...change }
  const result = await inlineBackend.run(requestFor(plan, { cwd: folder, run }))
  result.close()
  return result.metrics
}

const cleared = (disk: typeof host, folder: string, options?: Parameters<typeof clearDeadRuns>[3]): readonly string[] =>
  clearDeadRuns(disk, join(folder, 'runs'), testConnectors, options).removed

/** Takes the killed run in the folder over, as it was found now. */
function claimOf(folder: string): () => RunRecord {
  const run = findInterruptedRun(host, join(folder, 'runs'), isSame)
  if (run === undefined) throw new Error('no interrupted run was found')
  return () => openRunRecord({ plan: sinkPlan('serial', join(folder, 'out.jsonl')), cwd: folder, host, run })
}

describe('a killed run that keeps a journal', () => {
  it('goes on after the tasks that it had committed', async () => {
    const folder = crash('serial', true, 2)
    expect((await resume(folder, 'serial')).reusedTasks).toBe(2)
    expect(rowsIn(folder)).toEqual(expectedSums())
    expect(readdirSync(folder).sort()).toEqual(['out.jsonl', 'runs'])
    expect(readdirSync(join(folder, 'runs'))).toEqual([])
  })

  it('starts a pipelined region anew', async () => {
    const folder = crash('pipelined', true, 3)
    expect((await resume(folder, 'pipelined')).reusedTasks).toBe(0)
    expect(rowsIn(folder)).toEqual(expectedSums())
    expect(readdirSync(folder).sort()).toEqual(['out.jsonl', 'runs'])
  })

  it.each(['serial', 'pipelined'] as const)(
    'commits what was prepared when it was killed in its commit, in %s mode',
    async (mode) => {
      const folder = crash(mode, true, 'commit')
      expect(existsSync(join(folder, 'out.jsonl'))).toBe(false)
      expect(await resume(folder, mode)).toMatchObject({ reusedTasks: 7, rowsRead: 400 })
      expect(rowsIn(folder)).toEqual(expectedSums())
      expect(readdirSync(folder).sort()).toEqual(['out.jsonl', 'runs'])
    },
  )

  it('tolerates a torn last line', async () => {
    const folder = crash('serial', true, 2)
    const [id] = readdirSync(join(folder, 'runs'))
    appendFileSync(join(folder, 'runs', id, 'journal.jsonl'), '0badc0de {"record":"ta')
    await resume(folder, 'serial')
    expect(rowsIn(folder)).toEqual(expectedSums())
  })

  it('runs a task again that had to be undone', async () => {
    const folder = crash('serial', true, 2)
    const [id] = readdirSync(join(folder, 'runs'))
    const undo = JSON.stringify({ record: 'undo', stage: 0, task: 0 })
    appendFileSync(join(folder, 'runs', id, 'journal.jsonl'), `${crc32(undo).toString(16).padStart(8, '0')} ${undo}\n`)
    expect((await resume(folder, 'serial')).reusedTasks).toBe(1)
    expect(rowsIn(folder)).toEqual(expectedSums())
  })

  it('refuses to go on with another plan', async () => {
    const folder = crash('serial', true, 2)
    await expect(resume(folder, 'serial', { fingerprint: 'g' })).rejects.toMatchObject({
      code: 'RUN_CHANGED',
      message: 'the interrupted run cannot go on: the program or its settings changed',
    })
    await resume(folder, 'serial')
    expect(rowsIn(folder)).toEqual(expectedSums())
  })

  it('goes to one of those who would go on with it, and to another one when that one has left', () => {
    const folder = crash('serial', true, 2)
    const claim = claimOf(folder)
    const winner = claim()
    const text = `the run cannot be resumed here: process ${process.pid} is working on it`
    for (let other = 0; other < 3; other++) expect(claim).toThrow(expect.objectContaining({ code: 'RUN_BUSY', message: text }))
    expect(() => findInterruptedRun(host, join(folder, 'runs'), isSame)).toThrow(expect.objectContaining({ code: 'RUN_BUSY' }))
    expect(cleared(host, folder, { isSuperseded: isSame })).toEqual([])
    expect(winner.reusable.size).toBe(2)
    winner.leave()
    const next = claim()
    expect(next.reusable.size).toBe(2)
    // Files of attempts are told by their numbers, so nobody may have those of another one.
    expect(next.firstAttempt).toBeGreaterThan(winner.firstAttempt)
    next.remove()
    expect(claim).toThrow(expect.objectContaining({ code: 'RUN_BUSY', message: expect.stringContaining('is gone') }))
    expect(readdirSync(join(folder, 'runs'))).toEqual([])
  })

  it('is not kept from going on by a dead process whose number a living one has', async () => {
    const folder = crash('serial', true, 2)
    const [id] = readdirSync(join(folder, 'runs'))
    const text = JSON.stringify({ record: 'resume', claim: 'x', process: { pid: process.pid, started: 'another time' } })
    const line = `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`
    appendFileSync(join(folder, 'runs', id, 'journal.jsonl'), line)
    expect((await resume(folder, 'serial')).reusedTasks).toBe(2)
  })

  it('does not go on any more once somebody has begun to remove it', () => {
    const folder = crash('serial', true, 2)
    const claim = claimOf(folder)
    const refuse = (): never => {
      throw new Error('EACCES: permission denied')
    }
    const locked = { ...host, disk: { ...host.disk, remove: refuse } }
    expect(cleared(locked, folder, { isSuperseded: isSame })).toEqual([])
    expect(claim).toThrow(expect.objectContaining({ code: 'RUN_BUSY' }))
    expect(cleared(host, folder)).toHaveLength(1)
  })

  it('is not found for another program, and not removed as stale', () => {
    const folder = crash('serial', true, 2)
    expect(findInterruptedRun(host, join(folder, 'runs'), () => false)).toBeUndefined()
    expect(cleared(host, folder)).toEqual([])
  })
})

it('keeps a killed run that can go on for a week', () => {
  const folder = crash('serial', true, 2)
  const dayUs = 24 * 3600 * 1e6
  const after = (days: number): typeof host => ({
    ...host,
    clock: { ...host.clock, wallTimeUs: () => host.clock.wallTimeUs() + days * dayUs },
  })
  expect(cleared(after(6.9), folder)).toEqual([])
  expect(cleared(after(7.1), folder)).toHaveLength(1)
  expect(readdirSync(folder)).toEqual(['runs'])
  expect(readdirSync(join(folder, 'runs'))).toEqual([])
})

it('removes the folder and the staged parts of a killed run that cannot go on', () => {
  const folder = crash('pipelined', false, 3)
  expect(readdirSync(folder).length).toBeGreaterThan(1)
  expect(findInterruptedRun(host, join(folder, 'runs'), isSame)).toBeUndefined()
  expect(cleared(host, folder)).toHaveLength(1)
  expect(readdirSync(folder)).toEqual(['runs'])
  expect(readdirSync(join(folder, 'runs'))).toEqual([])
})

it.each([
  ['serial', true],
  ['pipelined', false],
] as const)('finishes the commit in which a run in %s mode was killed', (mode, recoverable) => {
  const folder = crash(mode, recoverable, 'commit')
  expect(existsSync(join(folder, 'out.jsonl'))).toBe(false)
  // The options in the journal say to kill whoever commits.
  const [kind, lines] = [...testConnectors.sinks][0]
  const calm = { ...lines, commit: (options, ...rest) => lines.commit({ path: options.path }, ...rest) } satisfies typeof lines
  const connectors = { ...testConnectors, sinks: new Map([[kind, calm]]) }
  // After another run has written, it would put old outputs over new ones.
  expect(clearDeadRuns(host, join(folder, 'runs'), connectors, { finishesCommits: false })).toEqual({
    removed: [],
    completed: [],
  })
  expect(existsSync(join(folder, 'out.jsonl'))).toBe(false)
  const { removed, completed } = clearDeadRuns(host, join(folder, 'runs'), connectors)
  expect([removed.length, completed.length]).toEqual([1, 1])
  expect(rowsIn(folder)).toEqual(expectedSums())
  expect(readdirSync(folder).sort()).toEqual(['out.jsonl', 'runs'])
  expect(readdirSync(join(folder, 'runs'))).toEqual([])
})

it('leaves what it cannot remove or read of other runs to later ones', () => {
  const folder = crash('pipelined', false, 3)
  const runs = join(folder, 'runs')
  mkdirSync(join(runs, 'unreadable', 'journal.jsonl'), { recursive: true })
  const [kind, lines] = [...testConnectors.sinks][0]
  const refuse = (): never => {
    throw new Error('EACCES: permission denied')
  }
  const refusing = { ...testConnectors, sinks: new Map([[kind, { ...lines, discard: refuse }]]) }
  expect(clearDeadRuns(host, runs, refusing).removed).toEqual([])
  expect(clearDeadRuns(host, runs, testConnectors).removed).toHaveLength(1)
  expect(readdirSync(runs)).toEqual(['unreadable'])
})
