import { nodeHost } from '../base/node-host.ts'
import { runsFolder } from '../run/identity.ts'
import { diffRuns, diffText } from '../run/past-runs/diff.ts'
import { listedRun, runLines } from '../run/past-runs/list.ts'
import type { PastRun } from '../run/past-runs/past-run.ts'
import { showPastRun } from '../run/past-runs/show.ts'
import { findPastRun, listPastRuns, statusOf } from '../run/past-runs/store.ts'
import { reportError } from './report.ts'
import { checkedFolder } from './shared-options.ts'
import { writeOut } from './standard-output.ts'

interface RunsFlags {
  format: 'text' | 'json'
  cwd?: string
}

/** `millrace runs`: the runs of the project that have left a record, newest first. */
export function listRunsCommand(flags: RunsFlags): Promise<void> {
  return answer(flags, (folder) => {
    const runs = listPastRuns(nodeHost().disk, folder).map(listedRun)
    if (flags.format === 'json') return json(runs)
    if (runs.length > 0) return `${runLines(runs).join('\n')}\n`
    process.stderr.write(`there are no runs in ${folder}: millrace run leaves a record of each\n`)
    return ''
  })
}

/** `millrace runs show ID`. */
export function showRunCommand(id: string, flags: RunsFlags): Promise<void> {
  return answer(flags, (folder) => {
    const run = find(folder, id)
    return flags.format === 'json' ? json({ ...run, status: statusOf(run) }) : showPastRun(run)
  })
}

/** `millrace runs diff A B`. */
export function diffRunsCommand(a: string, b: string, flags: RunsFlags): Promise<void> {
  return answer(flags, (folder) => {
    const [first, second] = [find(folder, a), find(folder, b)]
    return flags.format === 'json' ? json(diffRuns(first, second)) : diffText(first, second)
  })
}

const find = (folder: string, id: string): PastRun => findPastRun(nodeHost().disk, folder, id)
const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`

async function answer(flags: RunsFlags, make: (folder: string) => string): Promise<void> {
  try {
    await writeOut([make(runsFolder(checkedFolder(flags.cwd) ?? process.cwd()))])
  } catch (thrown) {
    reportError(thrown, { json: flags.format === 'json' })
  }
}
