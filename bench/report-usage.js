// Loaded with --import: writes CPU and wall milliseconds and peak memory of the whole process, workers included, when it ends; of the part between
// `begin` and `end` where a contender calls them.
import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

let before = { cpuMs: 0, wallMs: 0 }
let after

/** From here on it counts. */
export function begin() {
  before = usage()
}

/** What comes after this, such as checking the answer, does not count. */
export function end() {
  after = usage()
}

function usage() {
  const { userCPUTime, systemCPUTime } = process.resourceUsage()
  return { cpuMs: (userCPUTime + systemCPUTime) / 1000, wallMs: performance.now() }
}

if (isMainThread) {
  process.on('exit', () => {
    const { cpuMs, wallMs } = after ?? usage()
    const part = after === undefined ? '' : ` ${wallMs - before.wallMs}`
    writeFileSync(process.env.BENCH_USAGE_FILE, `${cpuMs - before.cpuMs} ${process.resourceUsage().maxRSS * 1024}${part}`)
  })
}
