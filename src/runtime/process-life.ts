import { readFileSync } from 'node:fs'

/** A process as a journal names it. The number alone is not enough: it is given to others later, and in a container it is often the same one. */
export interface ProcessMark {
  pid: number
  /** When it started, in ticks since the machine did; empty where that cannot be read. */
  started: string
}

export const ownMark = (): ProcessMark => ({ pid: process.pid, started: startOf(process.pid) })

/** Does this very process still run? */
export function isAlive({ pid, started }: ProcessMark): boolean {
  try {
    process.kill(pid, 0)
  } catch (thrown) {
    // A process of another user is alive too.
    if ((thrown as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return startOf(pid) === started
}

/** Ends a process that leads a session, and all that it has started in it. */
export function killSession(pid: number): void {
  try {
    // Windows has no sessions.
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // It has ended just now.
  }
}

/** The third and the 22nd field of /proc/PID/stat; the second one, a name in parentheses, may hold spaces and parentheses itself. */
function startOf(pid: number): string {
  if (process.platform !== 'linux') return ''
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A zombie does nothing any more, it only waits for its parent to take notice.
    return fields[0] === 'Z' ? 'ended' : (fields[19] ?? '')
  } catch {
    return ''
  }
}
