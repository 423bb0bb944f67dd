import { drive } from '../../runtime/driver.ts'
import { localTraits } from '../../runtime/local-traits.ts'
import { openRun, type RunLimits } from '../../runtime/open-run.ts'
import type { Announcement, TaskName, TaskOrder } from '../../runtime/orders.ts'
import type { Backend } from '../backend.ts'

/**
 * Makes a backend that runs plans in the calling thread: the same coordinator, tasks and exchanges as with workers, and the same rows.
 * The thread's event loop is served about every 10 ms. `run` rejects with the error that ended the run.
 */
export function createInlineBackend(limits: RunLimits = {}): Backend {
  return {
    traits: localTraits('inline'),
    async run(request) {
      const parts = openRun(request, limits)
      const cluster = () => ({
        spawn: async () => {},
        run: (_worker: number, order: TaskOrder) => parts.local.run(order),
        // The driver ends attempts in its own process by itself.
        endAttempt() {},
        announce: (made: readonly Announcement[]) => parts.local.announce(made),
        cancel: (_worker: number, task: TaskName) => parts.local.cancel(task),
        kill() {},
        close: async (idle: Promise<unknown>) => void (await idle),
      })
      // One thread: whoever hangs hangs all, and a second attempt has no other place to run.
      return drive({ ...request, workers: 1, settings: { backups: false } }, { ...parts, cluster })
    },
  }
}

export const inlineBackend: Backend = createInlineBackend()
