import type { Reusable } from '../../runtime/create-run.ts'
import { type AdoptedWorker, coordinatorHost, type TaskOrder, type WorkerId } from '../../runtime/orders.ts'
import { endProcess } from '../../runtime/orphans.ts'
import { isAlive, type ProcessMark } from '../../runtime/process-life.ts'
import { connectTo, type Hello } from '../../runtime/rpc/socket.ts'
import { leaveSocketFolder, marksIn, type SocketFolder, socketPath } from '../../runtime/rpc/socket-folder.ts'
import type { SocketPort } from '../../runtime/rpc/socket-port.ts'
import type { WorkerProcess } from './child.ts'
import type { WorkerMessage } from './worker.ts'

/** A worker process that an earlier coordinator of the run has left. */
export interface Orphan extends AdoptedWorker {
  process: WorkerProcess
  control: SocketPort
  data: SocketPort
}

/** A worker answers between two batches; one whose function works on a batch for longer, or never comes back, is given up. */
const answerMs = 10_000

/**
 * Connects to the workers that are there still. Those that do not answer are ended: nobody could tell what they do.
 *
 * @param reusable - what the run's journal holds; their orders are those that it does not.
 */
export async function findOrphans(sockets: SocketFolder, reusable: Reusable): Promise<Orphan[]> {
  const found = await Promise.all(
    [...marksIn(sockets)].map(async ([worker, mark]) => {
      const orphan = isAlive(mark) ? await connect(sockets, worker, mark) : undefined
      if (orphan !== undefined) return [{ ...orphan, orders: orphan.orders.filter((order) => !isIn(reusable, order)) }]
      // Where nobody can tell a process from a later one of the same number, it is left to end by itself.
      if (mark.started !== '') endProcess(mark)
      leaveSocketFolder(sockets, worker)
      return []
    }),
  )
  return found.flat()
}

const isIn = (reusable: Reusable, { stage, task, attempt }: TaskOrder): boolean =>
  reusable.get(`${stage}/${task}`)?.attempt === attempt

async function connect(sockets: SocketFolder, worker: WorkerId, mark: ProcessMark): Promise<Orphan | undefined> {
  const connectFor = (purpose: Hello['purpose']) =>
    connectTo(socketPath(sockets, worker), sockets.token, { from: coordinatorHost, purpose }, answerMs)
  try {
    const [control, data] = await Promise.all([connectFor('control'), connectFor('data')])
    const orders = await ordersOf(control)
    return orders && { worker, orders, process: processOf(control, mark), control, data }
  } catch {
    return undefined
  }
}

/** The first thing that a worker says to its coordinator. */
function ordersOf(control: SocketPort): Promise<readonly TaskOrder[] | undefined> {
  return new Promise((resolve) => {
    const listener = (received: unknown): void => {
      const message = received as WorkerMessage
      if (message.tells !== 'orders') return
      control.off('message', listener)
      resolve(message.orders)
    }
    control.on('message', listener)
    control.onClose(() => resolve(undefined))
  })
}

/** It is no child of this process, to which the system would tell its end. */
const processOf = (control: SocketPort, mark: ProcessMark): WorkerProcess => ({
  ended: new Promise((resolve) => control.onClose(() => resolve('its process ended'))),
  kill: () => endProcess(mark),
})
