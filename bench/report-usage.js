// Loaded with --import: writes CPU milliseconds and peak memory of the whole process, workers included, when it ends.
import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
    writeFileSync(process.env.BENCH_USAGE_FILE, `${(userCPUTime + systemCPUTime) / 1000} ${maxRSS * 1024}`)
  })
}
