import { isMillraceError, runError } from '../base/errors.ts'
import { isThrownHere } from '../base/stack.ts'
import { threwOutside } from '../base/threw-outside.ts'
import { reportError } from './report.ts'
import { signalExit } from './signals.ts'

let isWorking = false

/**
 * Tells what happened when code of the user's program ends the process behind the command's back: by process.exit, by an error that nobody can
 * catch, or by waiting for something that never comes. Without it the command would end as if all were well, or with a stack trace.
 */
export function guardAgainstCrashes(): { commandEnded(): void } {
  isWorking = true
  process.on('uncaughtException', (thrown) => {
    isWorking = false
    reportError(asUserError(thrown), {})
    // What a run has staged is taken back when the process exits.
    process.exit()
  })
  process.on('exit', (code) => {
    // A second Ctrl-C ends the process in the middle of its work, and whoever pressed it knows why.
    if (!isWorking || signalExit() !== undefined) return
    isWorking = false
    const error =
      code === unsettledCode || code === 0
        ? runError('RUN_WORKER_LOST', 'the program ended the process, or waits for something that never comes', { hint })
        : runError('RUN_WORKER_LOST', `the program ended the process with exit code ${code}`, { hint })
    reportError(error, {})
  })
  return {
    commandEnded() {
      isWorking = false
    },
  }
}

/** Node.js ends with it when a top-level await is left over. */
const unsettledCode = 13
const hint = 'look for process.exit and for a top-level await in the modules of the program'

/** Errors of the package's own code are defects and keep their stack. */
const asUserError = (thrown: unknown): unknown =>
  isMillraceError(thrown) || isThrownHere(thrown) ? thrown : threwOutside(thrown)
