import { runError } from '../base/errors.ts'
import { armFaults, type FaultPoint, faultPoints } from '../base/fault-points.ts'
import type { Disk } from '../base/host.ts'
import { SeededRandom } from '../base/seeded-random.ts'
import type { WorkerId } from './orders.ts'

const actions = ['end', 'fail', 'wait'] as const

/** One fault: what happens to a worker when it passes a point for the `nth` time. */
export interface PlannedFault {
  worker: WorkerId
  point: FaultPoint
  nth: number
  /** `end`: the worker ends; `fail`: the attempt fails and may be tried again; `wait`: nothing happens for a while. */
  action: (typeof actions)[number]
}

/** Faults of a run, drawn from a seed; plain data. */
export interface Chaos {
  seed: number
  faults: readonly PlannedFault[]
}

const points = Object.keys(faultPoints) as FaultPoint[]

/** Points that no attempt of a task passes, so that none can fail there. */
const betweenTasks: ReadonlySet<FaultPoint> = new Set(['worker.setup', 'link.receive'])

/** Fewer than the times that a region may be tried again, so that the run ends well whatever they strike. */
const deadly = 2
const waits = 2

/** Draws a few faults for the first workers of a run: the same seed gives the same ones. The coordinator is spared. */
export function planChaos(seed: number, workers: number): Chaos {
  const random = new SeededRandom(seed)
  const faults = Array.from({ length: deadly + waits }, (_, i): PlannedFault => {
    const worker = random.below(Math.max(1, workers))
    const point = points[random.below(points.length)]
    const nth = 1 + Math.floor(random.next() ** 2 * 6)
    const action = i >= deadly ? 'wait' : betweenTasks.has(point) || random.next() < 0.5 ? 'end' : 'fail'
    return { worker, point, nth, action }
  })
  return { seed, faults }
}

/** What a run's chaos came to. */
export interface ChaosReport {
  seed: number
  planned: readonly PlannedFault[]
  struck: readonly PlannedFault[]
  /** All points there are, and those that some worker has passed. */
  points: readonly FaultPoint[]
  passed: readonly FaultPoint[]
}

const logPath = (directory: string): string => `${directory}/chaos.log`
const waitMs = 30

/**
 * Arms the faults of one worker in this thread. What strikes is written to the run's folder first, since the worker may not be able to tell.
 */
export function armChaos({ faults }: Chaos, worker: WorkerId, disk: Disk, directory: string): void {
  const passes = new Map<FaultPoint, number>()
  const own = faults.filter((fault) => fault.worker === worker)
  let busy = false
  armFaults((point) => {
    // Writing the log passes points of its own.
    if (busy) return
    const count = (passes.get(point) ?? 0) + 1
    passes.set(point, count)
    busy = true
    try {
      if (count === 1) note(disk, directory, { passed: point })
      for (const fault of own) if (fault.point === point && fault.nth === count) happen(fault, disk, directory)
    } finally {
      busy = false
    }
  })
}

function happen(fault: PlannedFault, disk: Disk, directory: string): void {
  note(disk, directory, { struck: fault })
  if (fault.action === 'wait') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, waitMs)
  else if (fault.action === 'end') process.exit(86)
  else throw runError('RUN_CHAOS', `chaos made '${fault.point}' fail`, { retryable: true })
}

type Note = { passed: FaultPoint } | { struck: PlannedFault }

function note(disk: Disk, directory: string, entry: Note): void {
  const file = openLog(disk, logPath(directory))
  try {
    file.write(new TextEncoder().encode(`${JSON.stringify(entry)}\n`))
  } finally {
    file.close()
  }
}

/** Several workers may make it at once. */
function openLog(disk: Disk, path: string) {
  try {
    return disk.append(path)
  } catch {
    try {
      disk.create(path).close()
    } catch {
      // Another one was first.
    }
    return disk.append(path)
  }
}

/** Reads what the workers of a run have noted. */
export function reportChaos({ seed, faults }: Chaos, disk: Disk, directory: string): ChaosReport {
  const size = disk.stat(logPath(directory))?.sizeBytes ?? 0
  const bytes = new Uint8Array(size)
  if (size > 0) {
    const file = disk.openRead(logPath(directory))
    file.read(bytes, 0, size, 0)
    file.close()
  }
  const lines = new TextDecoder().decode(bytes).split('\n')
  const notes = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Note)
  return {
    seed,
    planned: faults,
    struck: notes.flatMap((entry) => ('struck' in entry ? [entry.struck] : [])),
    points,
    passed: [...new Set(notes.flatMap((entry) => ('passed' in entry ? [entry.passed] : [])))].sort(),
  }
}
