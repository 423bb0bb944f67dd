import { Worker } from 'node:worker_threads'

const exits = { SIGINT: 130, SIGTERM: 143 } as const
type Signal = keyof typeof exits
const names = Object.keys(exits) as Signal[]

let received: Signal | undefined

/** What the command ends with when it was stopped by a signal. */
export const signalExit = (): number | undefined => (received === undefined ? undefined : exits[received])

/**
 * An abort signal that Ctrl-C and SIGTERM raise, so that a run can clean up after itself; a second one ends the process at once.
 *
 * Called as late as possible: before it, while modules are loaded and functions are tried, a signal has its default action and ends the process,
 * however busy that is, and there is nothing to clean up.
 *
 * @param options.mayBlock - may user code keep this thread from its event loop? Then the listeners are taken away as long as it does.
 */
export function abortOnSignals({ mayBlock }: { mayBlock: boolean }): AbortSignal {
  const controller = new AbortController()
  const listeners = names.map((name) => ({
    name,
    listener() {
      if (received !== undefined) process.exit(exits[name])
      received = name
      controller.abort()
    },
  }))
  const listen = (): void => {
    for (const { name, listener } of listeners) process.on(name, listener)
  }
  const release = (): void => {
    for (const { name, listener } of listeners) process.off(name, listener)
  }
  listen()
  if (mayBlock) watchThisThread(listen, release)
  return controller.signal
}

/** Name of the function that the watching thread calls in this one. */
const releaseName = 'millrace.releaseSignals'
const beatMs = 50

/**
 * JavaScript cannot be told of a signal while it never returns, but a debugger can interrupt it: a second thread watches the beat of this one and, when it
 * stops, has `release` called in the middle of whatever goes on here. Measured: 5 ms until the end of a small run, 26 ms of CPU and
 * 11 MB, which is why it is started where there is such code only.
 */
function watchThisThread(listen: () => void, release: () => void): void {
  const beat = new Int32Array(new SharedArrayBuffer(4))
  let isReleased = false
  Object.defineProperty(globalThis, Symbol.for(releaseName), {
    value() {
      isReleased = true
      release()
    },
  })
  setInterval(() => {
    Atomics.add(beat, 0, 1)
    if (isReleased) listen()
    isReleased = false
  }, beatMs).unref()
  const url = import.meta.url.endsWith('.ts')
    ? new URL('./signal-watch.ts', import.meta.url)
    : new URL('./signal-watch.js', import.meta.url)
  const watch = new Worker(url, { workerData: { beat, releaseName } })
  watch.unref()
  // Where it cannot be had, signals wait for the user's code as they do in any program.
  watch.on('error', () => {})
}
