import { fromErrorRecord } from '../../base/errors.ts'
import type { SignOfLife } from '../../runtime/orders.ts'
import type { GuardedThread } from '../../runtime/rpc/guarded.ts'
import type { SocketPort } from '../../runtime/rpc/socket-port.ts'
import type { WorkerMessage } from './worker.ts'

/** The socket for calls to a worker, in the form of a thread that can end by itself. */
export function controlOf(port: SocketPort, ended: Promise<string>, onSign: (sign: SignOfLife) => void): GuardedThread {
  let last: Extract<WorkerMessage, { tells: 'end' }> | undefined
  port.on('message', (received) => {
    const message = received as WorkerMessage | { tells?: undefined }
    if (message.tells === 'sign') onSign(message.sign)
    if (message.tells === 'end') last = message
  })
  const closed = new Promise<void>((resolve) => port.onClose(resolve))
  // All that the process has sent has arrived when the socket is closed.
  const end = Promise.all([ended, closed]).then(([why]) => {
    if (last === undefined) return new Error(why)
    return last.error === undefined ? new Error(last.why) : fromErrorRecord(last.error)
  })
  return {
    postMessage: (message) => port.postMessage(message),
    on: (event, listener) => port.on(event, listener),
    off: (event, listener) => port.off(event, listener),
    once(event, listener) {
      if (event === 'error') void end.then(listener as (error: unknown) => void)
    },
  }
}
