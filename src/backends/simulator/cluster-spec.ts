/** The hardware of a cluster and what its systems software costs; all of a simulated run follows from it, the plan and a seed. */
export interface ClusterSpec {
  /** Machines; each runs one worker, which runs one task at a time. */
  machines: number
  racks: number
  disksPerMachine: number
  /** One disk, read or written in sequence. */
  diskMBps: number
  /** From asking a disk for a piece of a file to its first byte. */
  seekMs: number
  nicGbps: number
  /** Between a rack and the root switch, each way. */
  rackGbps: number
  /** Of the root switch as a whole. */
  rootGbps: number
  /** Of a worker: what a task receives beyond it is written to disk and read again. */
  memoryMB: number
  /** How fast one core gets through the input of an operator. */
  cpuMBps: Readonly<Record<CpuWork, number>>
  /** What one task writes to a replicated file in a second, if nothing else holds it up. */
  writerMBps: number
  /** Pieces of partition files that a task asks for at a time. */
  fetchers: number
  /** Copies of each block of an input file, and of each file written. */
  inputCopies: number
  outputCopies: number
  blockMB: number
  /** Before the first worker is there: the program is copied, input files are opened. */
  startUpSeconds: number
  /** Workers that come up in a second. */
  startsPerSecond: number
  /** Until a worker that ended is there again. */
  restartSeconds: number
  taskStartMs: number
  messageMs: number
  /** How often a worker tells how far it is, and how long it may be silent. */
  progressSeconds: number
  hangSeconds: number
  /** Deviation of the logarithm of the speed of machines, and of single tasks. */
  machineSpread: number
  taskSpread: number
  /** Share of machines whose disks read slowly, after errors that they correct, and how fast they read. */
  slowShare: number
  slowDiskMBps: number
}

/**
 * What a core does for an operator. `sort` are the sorted runs that a producer makes; `group` is all that brings the rows of many producers
 * together: whole groups, joins, and the merge of sorted runs.
 */
export type CpuWork = 'scan' | 'segment' | 'aggregate' | 'sort' | 'group' | 'send'

/** A cluster of the kind of the MapReduce paper (OSDI 2004, §5.1): two 2 GHz processors, 4 GB, two IDE disks, gigabit Ethernet. */
export const defaultCluster: ClusterSpec = {
  machines: 1800,
  racks: 45,
  disksPerMachine: 2,
  diskMBps: 30,
  seekMs: 9,
  nicGbps: 1,
  rackGbps: 4,
  rootGbps: 150,
  memoryMB: 200,
  cpuMBps: { scan: 100, segment: 60, aggregate: 60, sort: 30, group: 5, send: 40 },
  writerMBps: 2,
  fetchers: 16,
  inputCopies: 3,
  outputCopies: 2,
  blockMB: 64,
  startUpSeconds: 60,
  startsPerSecond: 30,
  restartSeconds: 5,
  taskStartMs: 100,
  messageMs: 1,
  progressSeconds: 5,
  hangSeconds: 60,
  machineSpread: 0.1,
  taskSpread: 0.1,
  // Neither was chosen by what backups do: 304 of 248,000 disks were found to be slow (Perseus, FAST 2023, §6), and such a disk reads 1 MB/s instead of
  // 30 (MapReduce, §3.6).
  slowShare: 0.0025,
  slowDiskMBps: 1,
}

/** As a cluster of this many machines has it: racks of forty, and a root switch that grows with them. */
export function clusterOf(machines: number, given: Partial<ClusterSpec> = {}): ClusterSpec {
  const racks = given.racks ?? Math.max(1, Math.ceil(machines / 40))
  const share = machines / defaultCluster.machines
  return {
    ...defaultCluster,
    rootGbps: defaultCluster.rootGbps * Math.max(share, 1 / defaultCluster.racks),
    startsPerSecond: Math.max(5, defaultCluster.startsPerSecond * share),
    // The coordinator is one process however many workers there are (Hadoop's workers, too, tell less often the more of them there are).
    progressSeconds: defaultCluster.progressSeconds * Math.max(share, 1),
    ...given,
    cpuMBps: { ...defaultCluster.cpuMBps, ...given.cpuMBps },
    machines,
    racks,
  }
}
