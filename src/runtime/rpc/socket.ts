import { timingSafeEqual } from 'node:crypto'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import type { WorkerId } from '../orders.ts'
import { SocketPort } from './socket-port.ts'

/** The first bytes of a connection: the token, who connects, and what for. Nothing else is looked at before they have been checked. */
export interface Hello {
  from: WorkerId
  purpose: 'control' | 'data'
}

const tokenBytes = 32
const helloBytes = tokenBytes + 5
const purposes = ['control', 'data'] as const
const welcome = 1

/** Whoever has not said who he is by then is nobody we know. */
const helloMs = 5_000

/**
 * Listens at a path for other processes that know the token.
 *
 * @param accept - returns what takes the connection, or undefined to refuse it.
 */
export function listen(
  path: string,
  token: string,
  accept: (hello: Hello) => ((port: SocketPort) => void) | undefined,
): Promise<Server> {
  const server = createServer((socket) => void greet(socket, Buffer.from(token, 'hex'), accept))
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => resolve(server))
  })
}

async function greet(
  socket: Socket,
  token: Buffer,
  accept: (hello: Hello) => ((port: SocketPort) => void) | undefined,
): Promise<void> {
  const port = new SocketPort(socket)
  socket.setTimeout(helloMs, () => socket.destroy())
  const hello = await read(socket, helloBytes)
  const isKnown = hello !== undefined && timingSafeEqual(hello.subarray(0, tokenBytes), token)
  const take = isKnown ? accept(helloOf(hello)) : undefined
  if (take === undefined) return void socket.destroy()
  socket.setTimeout(0)
  socket.write(Uint8Array.of(welcome))
  take(port)
}

const helloOf = (bytes: Buffer): Hello => ({
  purpose: purposes[bytes[tokenBytes]],
  from: bytes.readInt32LE(tokenBytes + 1),
})

/**
 * Connects to a process that listens; resolves when it has accepted the connection and whatever comes over it.
 *
 * @throws an error of Node.js where nobody listens or the connection is refused or, with `timeoutMs`, not accepted by then.
 */
export async function connectTo(path: string, token: string, hello: Hello, timeoutMs = 0): Promise<SocketPort> {
  const socket = createConnection(path)
  const failed = new Promise<never>((_, reject) => {
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the connection was refused')))
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer in time')))
  })
  // It may come after the race is over, when it says nothing new.
  failed.catch(() => {})
  const bytes = Buffer.alloc(helloBytes)
  bytes.set(Buffer.from(token, 'hex'))
  bytes[tokenBytes] = purposes.indexOf(hello.purpose)
  bytes.writeInt32LE(hello.from, tokenBytes + 1)
  socket.write(bytes)
  const port = new SocketPort(socket)
  const answer = await Promise.race([read(socket, 1), failed])
  if (answer === undefined) throw new Error('the connection was refused')
  socket.setTimeout(0)
  return port
}

/** The next bytes of a socket; what comes behind them stays in it. Undefined when it ends before. */
function read(socket: Socket, length: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const end = (bytes: Buffer | undefined): void => {
      socket.off('readable', look)
      socket.off('close', close)
      resolve(bytes)
    }
    const look = (): void => {
      const bytes: Buffer | null = socket.read(length)
      if (bytes !== null) end(bytes.length === length ? bytes : undefined)
    }
    const close = (): void => end(undefined)
    socket.on('readable', look)
    socket.on('close', close)
  })
}
