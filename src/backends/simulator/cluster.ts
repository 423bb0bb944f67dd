import type { SeededRandom } from '../../base/seeded-random.ts'
import type { ClusterSpec } from './cluster-spec.ts'

/** A machine by number; the last one is the coordinator's, which has no worker. */
export type MachineId = number

/** Megabytes a second to bytes a millisecond, and gigabits likewise. */
export const fromMBps = (rate: number): number => rate * 1000
const fromGbps = (rate: number): number => (rate / 8) * 1e6

/** Machines, racks and switches as resources of a flow network. */
export class Cluster {
  readonly spec: ClusterSpec
  /** Machines with the coordinator's. */
  readonly size: number
  readonly coordinator: MachineId
  readonly rackOf: Int32Array
  /** Part of the usual speed of processor and disks. */
  readonly speed: Float64Array
  /** How many times as long as it should a read from disk takes. */
  readonly readSlowness: Float64Array
  readonly up: Uint8Array
  readonly capacities: Float64Array
  readonly root: number
  /** All disks together, for what is read from everywhere at once. */
  readonly allDisks: number

  constructor(spec: ClusterSpec, random: SeededRandom) {
    this.spec = spec
    this.size = spec.machines + 1
    this.coordinator = spec.machines
    this.rackOf = Int32Array.from({ length: this.size }, (_, machine) => machine % spec.racks)
    this.up = new Uint8Array(this.size).fill(1)
    this.speed = Float64Array.from({ length: this.size }, () => Math.exp(spec.machineSpread * random.normal()))
    this.speed[this.coordinator] = 1
    this.readSlowness = slowness(spec, random)
    this.root = 3 * this.size + 2 * spec.racks
    this.allDisks = this.root + 1
    this.capacities = new Float64Array(this.allDisks + 1)
    const disks = fromMBps(spec.diskMBps * spec.disksPerMachine)
    for (let machine = 0; machine < this.size; machine++) {
      this.capacities[this.disk(machine)] = disks * this.speed[machine]
      if (machine !== this.coordinator) this.capacities[this.allDisks] += disks * this.speed[machine]
      this.capacities[this.into(machine)] = fromGbps(spec.nicGbps)
      this.capacities[this.outOf(machine)] = fromGbps(spec.nicGbps)
    }
    for (let rack = 0; rack < spec.racks; rack++) {
      this.capacities[this.rackUp(rack)] = fromGbps(spec.rackGbps)
      this.capacities[this.rackDown(rack)] = fromGbps(spec.rackGbps)
    }
    this.capacities[this.root] = fromGbps(Math.min(spec.rootGbps, spec.rackGbps * spec.racks))
  }

  disk(machine: MachineId): number {
    return 3 * machine
  }
  into(machine: MachineId): number {
    return 3 * machine + 1
  }
  outOf(machine: MachineId): number {
    return 3 * machine + 2
  }
  rackUp(rack: number): number {
    return 3 * this.size + 2 * rack
  }
  rackDown(rack: number): number {
    return 3 * this.size + 2 * rack + 1
  }
  nameOf(machine: MachineId): string {
    return `m${machine}`
  }
}

function slowness(spec: ClusterSpec, random: SeededRandom): Float64Array {
  const slowness = new Float64Array(spec.machines + 1).fill(1)
  // Rounded by chance, so that a small cluster has a slow machine now and then.
  const slow = Math.floor(spec.machines * spec.slowShare + random.next())
  const order = random.shuffle(Array.from({ length: spec.machines }, (_, machine) => machine))
  for (const machine of order.slice(0, slow)) slowness[machine] = Math.max(1, spec.diskMBps / spec.slowDiskMBps)
  return slowness
}
