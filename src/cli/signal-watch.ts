import { Session } from 'node:inspector'
import { workerData } from 'node:worker_threads'

const { beat, releaseName } = workerData as { beat: Int32Array; releaseName: string }

/** Longer than garbage collection and the longest piece of work that the engine does at once. */
const silenceMs = 250

let last = -1
let isReleased = false

// The thread that started this one is stuck when its beat has stopped: it lets go of its signals, and the next one ends the process.
setInterval(() => {
  const now = Atomics.load(beat, 0)
  if (now === last && !isReleased) releaseSignals()
  isReleased = now === last
  last = now
}, silenceMs)

function releaseSignals(): void {
  const session = new Session()
  session.connectToMainThread()
  session.post('Runtime.evaluate', { expression: `globalThis[Symbol.for('${releaseName}')]()` }, () => session.disconnect())
}
