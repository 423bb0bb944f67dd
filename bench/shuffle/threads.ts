import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { MessageChannel, type MessagePort, parentPort, Worker, workerData } from 'node:worker_threads'
import { begin, end } from '../report-usage.js'

interface Role {
  role: 'send' | 'receive'
  rowCount: number
  port: MessagePort
}

/** In the main thread: starts both sides, lets them go when both have their rows, and prints what the receiver says at the end. */
export async function runBoth(url: string, rowCount: number): Promise<void> {
  const { port1, port2 } = new MessageChannel()
  const start = (role: 'send' | 'receive', port: MessagePort): Worker =>
    new Worker(fileURLToPath(url), { workerData: { role, rowCount, port } satisfies Role, transferList: [port] })
  const sender = start('send', port1)
  const receiver = start('receive', port2)
  await Promise.all([once(sender, 'message'), once(receiver, 'message')])
  begin()
  sender.postMessage('go')
  const [answer] = await once(receiver, 'message')
  end()
  console.log(answer)
  await Promise.all([sender.terminate(), receiver.terminate()])
}

/** In a worker: makes its side ready, then runs it; what it gives is told to the main thread. */
export async function runSide(
  prepareSender: (port: MessagePort, rowCount: number) => () => Promise<void>,
  receive: (port: MessagePort, rowCount: number) => Promise<string>,
): Promise<void> {
  const { role, rowCount, port } = workerData as Role
  if (parentPort === null) throw new Error('not in a worker')
  if (role === 'receive') {
    const answer = receive(port, rowCount)
    parentPort.postMessage('ready')
    parentPort.postMessage(await answer)
    return
  }
  const send = prepareSender(port, rowCount)
  const go = once(parentPort, 'message')
  parentPort.postMessage('ready')
  await go
  await send()
}
