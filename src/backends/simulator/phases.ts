import type { PhysicalPlan } from '../../ir/physical.ts'
import { exchangeOf } from '../../runtime/stage-shape.ts'
import { type Cluster, fromMBps, type MachineId } from './cluster.ts'
import { Path } from './path.ts'
import { series } from './rate-series.ts'
import { type StageLoad, shareOf } from './stage-loads.ts'

/** What an attempt does one after the other. */
export type Phase =
  /** Reads its split, computes, and writes what it sends, record by record. */
  | { do: 'read'; bytes: number }
  /** Copies its partition of an exchange from everywhere. */
  | { do: 'fetch'; exchange: number; bytes: number }
  /** Computes on what it has received. */
  | { do: 'compute'; bytes: number }
  /** Writes what it sends to its own disk. */
  | { do: 'send'; bytes: number }
  /** Writes a block of a result, as many times as there are copies. */
  | { do: 'write'; bytes: number }

/** The phases of any attempt of a task. */
export function phasesOf(plan: PhysicalPlan, load: StageLoad, task: number, blockBytes: number): Phase[] {
  const { tasks, inputs } = load.stage
  const phases: Phase[] = []
  for (const exchange of inputs) phases.push({ do: 'fetch', exchange, bytes: partOf(plan, load, exchange) })
  const received = sum(phases.map(({ bytes }) => bytes))
  if (load.readBytes.length > 0) phases.push({ do: 'read', bytes: load.readBytes[task] ?? 0 })
  else if (received > 0) phases.push({ do: 'compute', bytes: received })
  const sent = sum([...load.sent.values()]) / tasks
  if (load.readBytes.length === 0 && sent > 0) phases.push({ do: 'send', bytes: sent })
  for (let left = load.writtenBytes * shareOf(load, task); left > 0; left -= blockBytes)
    phases.push({ do: 'write', bytes: Math.min(left, blockBytes) })
  return phases
}

/** What one consumer task gets of an exchange. */
function partOf(plan: PhysicalPlan, { received, stage }: StageLoad, exchange: number): number {
  const all = received.get(exchange) ?? 0
  return exchangeOf(plan, exchange).partitioning.by === 'broadcast' ? all : all / stage.tasks
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** How a phase goes on one machine: what a byte takes, how fast it can be at most, and who is at the other end. */
export interface Course {
  /** How much of the phase can be done now, where that is not all that is left. */
  bytes?: number
  path: Path
  cap: number
  series: number
  /** The machine whose copy is read, or that the next copy is written to. */
  peers: readonly MachineId[]
}

/** Where and how well an attempt runs. */
export interface Runner {
  cluster: Cluster
  load: StageLoad
  machine: MachineId
  /** Speed of this attempt beside others on the same machine. */
  luck: number
}

/** Reads from the disk of `from`: one stream, so that reading, computing and writing take turns. */
export function readCourse({ cluster, load, machine, luck }: Runner, from: MachineId): Course {
  const { spec, speed, readSlowness } = cluster
  const disk = fromMBps(spec.diskMBps)
  const sent = load.readAll === 0 ? 0 : sum([...load.sent.values()]) / load.readAll
  const path = new Path(cluster).read(from).hop(from, machine).disk(machine, sent)
  const msPerByte =
    readSlowness[from] / (disk * speed[from]) + sent / (disk * speed[machine]) + load.cpuMsPerByte / speed[machine]
  return { path, cap: luck / msPerByte, series: series.input, peers: [from] }
}

/** The part of what is copied that lies on the own machine, and in its rack. */
interface NearShares {
  onMachine: number
  inRack: number
}

/**
 * Copies a partition from all machines that have some of it, as one flow: what it takes of the root switch and of the disks is in proportion to
 * where the bytes lie. Each piece costs a seek; disks are taken as one resource here, since every consumer reads from all of them alike.
 */
export function fetchCourse({ cluster, machine, luck }: Runner, pieceBytes: number, from: NearShares, spills: boolean): Course {
  const { spec, speed, rackOf } = cluster
  const disk = fromMBps(spec.diskMBps)
  const seekWeight = 1 + (spec.seekMs * disk) / Math.max(1, pieceBytes)
  const far = Math.max(0, 1 - from.inRack)
  const path = new Path(cluster)
    .add(cluster.allDisks, seekWeight)
    .add(cluster.into(machine), Math.max(0, 1 - from.onMachine))
    .add(cluster.root, far)
    .add(cluster.rackDown(rackOf[machine]), far)
  if (spills) path.disk(machine, 1)
  const pieceMs = spec.seekMs + pieceBytes / disk
  return { path, cap: ((spec.fetchers * pieceBytes) / pieceMs) * speed[machine] * luck, series: series.shuffle, peers: [] }
}

export function computeCourse({ cluster, load, machine, luck }: Runner, spills: boolean): Course {
  const path = new Path(cluster)
  const disk = fromMBps(cluster.spec.diskMBps)
  if (spills) path.read(machine)
  const msPerByte = load.cpuMsPerByte + (spills ? cluster.readSlowness[machine] / disk : 0)
  return { path, cap: (luck * cluster.speed[machine]) / Math.max(1e-9, msPerByte), series: series.none, peers: [] }
}

export function sendCourse({ cluster, machine, luck }: Runner): Course {
  const cap = fromMBps(cluster.spec.diskMBps) * cluster.speed[machine] * luck
  return { path: new Path(cluster).disk(machine, 1), cap, series: series.none, peers: [] }
}

/** From machine to machine, each with a copy (Google File System, §3.2: data flows along a chain). */
export function writeCourse({ cluster, machine, luck }: Runner, copies: readonly MachineId[]): Course {
  const path = new Path(cluster).disk(machine, 1)
  let from = machine
  for (const copy of copies) {
    path.hop(from, copy).disk(copy, 1)
    from = copy
  }
  const cap = fromMBps(cluster.spec.writerMBps) * cluster.speed[machine] * luck
  return { path, cap, series: series.output, peers: copies }
}
