import { wrap } from 'comlink'
import { type MillraceError, thrownMessage } from '../../base/errors.ts'
import { endpoint, type NodePort } from './endpoint.ts'

/** A thread that can end by itself. */
export interface GuardedThread extends NodePort {
  once(event: 'error', listener: (error: unknown) => void): unknown
  once(event: 'messageerror', listener: (error: unknown) => void): unknown
  once(event: 'exit', listener: (code: number) => void): unknown
}

type Remote<Api> = {
  [Name in keyof Api]: Api[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never
}

/**
 * The functions of another thread. A call rejects when the thread ends, and so does every later one: comlink alone would leave it open for ever.
 *
 * @param lost - called once when the thread ends, with the reason and what nobody has caught in it; makes the error of open and later calls.
 */
export function guarded<Api extends object>(
  thread: GuardedThread,
  lost: (why: string, uncaught?: unknown) => MillraceError,
): Remote<Api> {
  const api = wrap(endpoint(thread)) as unknown as Record<string | symbol, (...args: unknown[]) => Promise<unknown>>
  const pending = new Set<(error: MillraceError) => void>()
  let dead: MillraceError | undefined
  const die = (why: string, uncaught?: unknown): void => {
    if (dead !== undefined) return
    dead = lost(why, uncaught)
    for (const reject of pending) reject(dead)
    pending.clear()
  }
  thread.once('error', (error) => die(thrownMessage(error), error))
  thread.once('messageerror', (error) => die(String(error)))
  thread.once('exit', (code) => die(`exit code ${code}`))
  return new Proxy({} as Remote<Api>, {
    get(_target, name) {
      // A proxy that has `then` would be taken for a promise.
      if (name === 'then') return undefined
      return (...args: unknown[]) =>
        new Promise((resolve, reject) => {
          if (dead !== undefined) return reject(dead)
          pending.add(reject)
          api[name](...args)
            .then(resolve, reject)
            .finally(() => pending.delete(reject))
        })
    },
  })
}
