import { parentPort, workerData } from 'node:worker_threads'
import type { WorkerId } from '../../runtime/orders.ts'
import { isAlive, type ProcessMark } from '../../runtime/process-life.ts'
import { leaveSocketFolder, type SocketFolder } from '../../runtime/rpc/socket-folder.ts'

/** What the watching thread of a worker process is given. */
export interface WatchData {
  coordinator: ProcessMark
  worker: WorkerId
  sockets: SocketFolder
  /** How long the worker may be without a coordinator. */
  graceMs: number
}

const { worker, sockets, graceMs, ...data } = workerData as WatchData
let { coordinator } = data

const lookMs = 1_000
/** The worker ends by itself, if it can. */
const patienceMs = 2 * lookMs
let aloneMs = 0

parentPort?.on('message', (next: ProcessMark) => {
  coordinator = next
})

// A worker ends by itself when its coordinator has gone for good, unless a function of the user keeps it from noticing: then this thread ends it.
setInterval(() => {
  aloneMs = isAlive(coordinator) ? 0 : aloneMs + lookMs
  if (aloneMs < graceMs + patienceMs) return
  try {
    leaveSocketFolder(sockets, worker)
  } finally {
    process.kill(process.pid, 'SIGKILL')
  }
}, lookMs)
