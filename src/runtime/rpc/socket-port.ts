import type { Socket } from 'node:net'
import type { LinkPort } from '../exchange/link.ts'
import type { NodePort } from './endpoint.ts'
import { encodeFrame, FrameReader } from './frame.ts'

/**
 * A socket between two processes in the form of a MessagePort: for calls and for batches. Nothing is read before somebody listens. What is sent
 * to a process that has ended is lost, as with a port; that it has ended is told once by `close`.
 */
export class SocketPort implements NodePort, LinkPort {
  readonly #socket: Socket
  readonly #listeners = new Set<(message: unknown) => void>()
  #isReading = false

  constructor(socket: Socket) {
    this.#socket = socket
    // The reason why a connection ends is told by who ended it; to this side it is closed.
    socket.on('error', () => {})
  }

  postMessage(message: unknown): void {
    if (!this.#socket.writable) return
    this.#socket.cork()
    for (const piece of encodeFrame(message)) this.#socket.write(piece)
    this.#socket.uncork()
  }

  on(_event: 'message', listener: (message: unknown) => void): void {
    this.#listeners.add(listener)
    if (this.#isReading) return
    this.#isReading = true
    const reader = new FrameReader((received) => {
      for (const each of [...this.#listeners]) each(received)
    })
    this.#socket.on('data', (piece: Buffer) => reader.push(piece))
  }

  off(_event: 'message', listener: (message: unknown) => void): void {
    this.#listeners.delete(listener)
  }

  /** Calls `listener` when the connection has ended, also when it has already. */
  onClose(listener: () => void): void {
    if (this.#socket.closed) queueMicrotask(listener)
    else this.#socket.once('close', listener)
  }

  /** What was sent is still delivered. */
  close(): void {
    this.#socket.destroySoon()
  }
}
