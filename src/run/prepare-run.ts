import { MillraceError } from '../base/errors.ts'
import type { Host } from '../base/host.ts'
import { nodeHost } from '../base/node-host.ts'
import type { Value } from '../data/type.ts'
import { defaultConnectors } from '../io/index.ts'
import { runChanged } from '../runtime/journal.ts'
import { endOrphans } from '../runtime/orphans.ts'
import { clearDeadRuns, findInterruptedRun, type InterruptedRun, removeEmptyRunFolders } from '../runtime/run-folder.ts'
import { identityOf, isSameRun, type ProgramIdentity, programDifference, runsFolder, type StoredIdentity } from './identity.ts'
import type { RunOptions } from './options.ts'
import { type Prepared, prepare } from './prepare.ts'
import type { Program } from './program.ts'

/**
 * Prepares a program to run it now. What killed processes left is put in order before anything is looked at: their outputs would else be found
 * half there.
 */
export async function prepareRun(program: Program, options: RunOptions, host: Host = nodeHost()): Promise<Prepared> {
  const looksOnly = options.keepsNothing === true
  const runs = runsFolder(options.cwd ?? process.cwd())
  const identity = identityOf(program)
  const interrupted = options.resume === true ? interruptedRun(host, runs, identity) : undefined
  const { completed } = clearDeadRuns(host, runs, defaultConnectors, {
    keep: interrupted?.id,
    isLeft: (program) => isSameRun(program as unknown as StoredIdentity, identity),
  })
  const wasCompleted = completed.some((other) => isUnchanged(other, identity))
  try {
    const hasWritten = options.resume === true && wasCompleted
    return await prepare(program, options, { interrupted, hasWritten, looksOnly, host })
  } catch (thrown) {
    removeEmptyRunFolders(host, runs)
    throw wasCompleted ? toldOfCompletion(thrown) : thrown
  }
}

/** @throws MillraceError `RUN_CHANGED` when the program is not what it was; whoever still works on it is ended. */
function interruptedRun(host: Host, runs: string, identity: ProgramIdentity): InterruptedRun | undefined {
  const found = findInterruptedRun(host, runs, (program) => isSameRun(program as unknown as StoredIdentity, identity))
  const difference = found && programDifference(found.program as unknown as StoredIdentity, identity)
  if (difference === undefined) return found
  endOrphans(found?.sockets)
  throw runChanged(difference)
}

function isUnchanged(program: Value, identity: ProgramIdentity): boolean {
  const earlier = program as unknown as StoredIdentity
  return isSameRun(earlier, identity) && programDifference(earlier, identity) === undefined
}

function toldOfCompletion(thrown: unknown): unknown {
  if (!(thrown instanceof MillraceError) || thrown.code !== 'SINK_EXISTS') return thrown
  const { code, message, details } = thrown
  const hint = `the run that was killed while it gave its outputs their names is complete now; to write them anew, ${details.hint}`
  return new MillraceError(code, message, { ...details, hint })
}
