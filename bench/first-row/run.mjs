// Runs the pipeline in a process that is already up, as a server would; prints how many rows came.
import { run } from 'millrace'
import { begin, end } from '../report-usage.js'
import pipeline from './pipeline.mjs'

const [input, mode] = process.argv.slice(2)
begin()
const { outputs, close } = await run(pipeline, { input }, { backend: 'threads', workers: 2, mode })
const rows = await outputs.result.toArray()
end()
console.log(rows.length)
close()
