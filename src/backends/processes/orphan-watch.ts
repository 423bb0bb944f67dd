import { workerData } from 'node:worker_threads'
import type { WorkerId } from '../../runtime/orders.ts'
import { isAlive, type ProcessMark } from '../../runtime/process-life.ts'
import { leaveSocketFolder, type SocketFolder } from '../../runtime/rpc/socket-folder.ts'

/** What the watching thread of a worker process is given. */
export interface WatchData {
  coordinator: ProcessMark
  worker: WorkerId
  sockets: SocketFolder
}

const { coordinator, worker, sockets } = workerData as WatchData

const lookMs = 1_000
let goneLooks = 0

// A worker ends by itself when its coordinator has gone, unless a function of the user keeps it from noticing: then this thread ends it.
setInterval(() => {
  goneLooks = isAlive(coordinator) ? 0 : goneLooks + 1
  if (goneLooks < 2) return
  try {
    leaveSocketFolder(sockets, worker)
  } finally {
    process.kill(process.pid, 'SIGKILL')
  }
}, lookMs)
