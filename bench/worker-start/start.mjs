// Starts workers one after the other and waits for each to answer, then ends them. The one that is empty answers a message.
import { Worker } from 'node:worker_threads'
import { wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { begin, end } from '../report-usage.js'

const [kind, count] = process.argv.slice(2)
const empty = "import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => parentPort.postMessage('ready'))"
const url =
  kind === 'empty'
    ? new URL(`data:text/javascript,${encodeURIComponent(empty)}`)
    : new URL('../../dist/worker.js', import.meta.url)

async function answer(thread) {
  // Not set up yet, so that there is nothing to cancel.
  if (kind !== 'empty') return wrap(nodeEndpoint(thread)).cancel({})
  const ready = new Promise((resolve) => thread.once('message', resolve))
  thread.postMessage('are you there')
  return ready
}

begin()
for (let i = 0; i < Number(count); i++) {
  const thread = new Worker(url, { workerData: { millraceWorker: i } })
  await answer(thread)
  await thread.terminate()
}
end()
