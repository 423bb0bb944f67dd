/** Makes and removes the folder of a run again and again: `node run-folders-child.ts PROJECT TIMES`. */
import { nodeHost } from '../../src/base/node-host.ts'
import { newRunFolder, removeEmptyRunFolders } from '../../src/runtime/run-folder.ts'
import { openRunRecord } from '../../src/runtime/run-record.ts'
import { sinkPlan } from './plans.ts'

const [project, times] = process.argv.slice(2)
const host = nodeHost()
const runs = `${project}/.millrace/runs`
for (let time = 0; time < Number(times); time++) {
  const run = newRunFolder(host, runs, { recoverable: true, program: null })
  const record = openRunRecord({ plan: sinkPlan('serial', `${project}/out.jsonl`), cwd: project, host, run })
  record.append({ record: 'commit', parts: [[]] })
  record.remove()
  removeEmptyRunFolders(host, runs)
}
