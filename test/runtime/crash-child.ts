/** Runs a plan inline until it is killed: `node crash-child.ts FOLDER MODE RECOVERABLE KILL_AT`. */
import { inlineBackend } from '../../src/backends/inline/index.ts'
import { nodeHost } from '../../src/base/node-host.ts'
import { newRunFolder } from '../../src/runtime/run-folder.ts'
import { requestFor, sinkPlan } from './plans.ts'

const [folder, mode, recoverable, killAt] = process.argv.slice(2)
const trouble = { killAt: killAt === 'commit' ? ('commit' as const) : Number(killAt) }
const host = nodeHost()
const plan = sinkPlan(mode as 'serial' | 'pipelined', `${folder}/out.jsonl`, { trouble })
const run = newRunFolder(host, `${folder}/runs`, {
  recoverable: recoverable === 'true',
  program: { name: 'crash', n: 1n },
})
await inlineBackend.run(requestFor(plan, { cwd: folder, run, host }))
