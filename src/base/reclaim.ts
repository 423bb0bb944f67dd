import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** New arrays of so many bytes make it worth to look for some that nobody holds any more. */
let youngBytes = Number.POSITIVE_INFINITY
/** So many times that, and some share of all, that have grown old take a collection of everything. */
const oldFactor = 2
const oldShare = 0.25

type Collect = (options: { type: 'minor' | 'major'; execution: 'sync' }) => void
/** Undefined until it was asked for, and where the engine has no such function. */
let collect: Collect | undefined
let isKnown = false
/** Fewest bytes of arrays since the last collection, and since the last one of everything. Collected arrays are freed in the background. */
let leastBytes = 0
let leastOldBytes = 0

/** Sets how many new bytes of arrays this thread may make before it looks for some that nobody holds any more. */
export function reclaimEvery(bytes: number): void {
  youngBytes = bytes
}

/**
 * Frees the arrays of this thread that nobody holds any more, when many are new. To be called once a batch.
 *
 * V8 counts arrays by their headers, which are small, and so lets some 64 MB of them wait for a collection in each thread. Collecting young ones takes
 * 0.2 ms, and memory that is used again is already mapped and in the caches.
 */
export function reclaimArrays(): void {
  if (youngBytes === Number.POSITIVE_INFINITY) return
  const bytes = getHeapStatistics().external_memory
  if (bytes < leastBytes) leastBytes = bytes
  if (bytes < leastOldBytes) leastOldBytes = bytes
  if (bytes - leastBytes < youngBytes) return
  const isOld = bytes - leastOldBytes > youngBytes * oldFactor + leastOldBytes * oldShare
  collectorOf()?.({ type: isOld ? 'major' : 'minor', execution: 'sync' })
  leastBytes = bytes
  if (isOld) leastOldBytes = bytes
}

/** The only way to V8's collector: a context that is made while the flag is set has it. */
function collectorOf(): Collect | undefined {
  if (!isKnown) {
    isKnown = true
    try {
      setFlagsFromString('--expose-gc')
      collect = runInNewContext('gc') as Collect
    } catch {
      collect = undefined
    }
  }
  return collect
}
