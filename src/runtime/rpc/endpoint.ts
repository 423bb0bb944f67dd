import type { Endpoint } from 'comlink'

/** The part of a Worker, a MessagePort or `parentPort` that carries calls. */
export interface NodePort {
  postMessage(message: unknown, transfer?: readonly never[]): void
  on(event: 'message', listener: (data: unknown) => void): unknown
  off(event: 'message', listener: (data: unknown) => void): unknown
}

/** A Node port in the form of a browser's, which comlink expects. */
export function endpoint(port: NodePort): Endpoint {
  const listeners = new Map<unknown, (data: unknown) => void>()
  return {
    postMessage: (message, transfer) => port.postMessage(message, (transfer ?? []) as unknown as readonly never[]),
    addEventListener(_type, listener) {
      const own = (data: unknown): void => {
        const event = { data } as MessageEvent
        if (typeof listener === 'function') listener(event)
        else listener.handleEvent(event)
      }
      listeners.set(listener, own)
      port.on('message', own)
    },
    removeEventListener(_type, listener) {
      const own = listeners.get(listener)
      if (own !== undefined) port.off('message', own)
      listeners.delete(listener)
    },
  }
}
