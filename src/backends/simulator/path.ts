import type { Cluster, MachineId } from './cluster.ts'

/** What a byte of a flow takes of each resource, gathered piece by piece. */
export class Path {
  readonly uses: number[] = []
  readonly weights: number[] = []
  readonly #cluster: Cluster

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  add(resource: number, weight: number): this {
    if (weight <= 0) return this
    const at = this.uses.indexOf(resource)
    if (at >= 0) this.weights[at] += weight
    else {
      this.uses.push(resource)
      this.weights.push(weight)
    }
    return this
  }

  /** Reads from the disks of one machine. */
  read(machine: MachineId): this {
    return this.disk(machine, this.#cluster.readSlowness[machine])
  }

  /** Reads or writes at the disks of one machine, as long as they are in order. */
  disk(machine: MachineId, weight: number): this {
    this.add(this.#cluster.disk(machine), weight)
    return machine === this.#cluster.coordinator ? this : this.add(this.#cluster.allDisks, weight)
  }

  /** Over the network, by way of the root switch where the racks differ. */
  hop(from: MachineId, to: MachineId): this {
    if (from === to) return this
    const { rackOf } = this.#cluster
    this.add(this.#cluster.outOf(from), 1).add(this.#cluster.into(to), 1)
    if (rackOf[from] === rackOf[to]) return this
    this.add(this.#cluster.rackUp(rackOf[from]), 1).add(this.#cluster.root, 1)
    return this.add(this.#cluster.rackDown(rackOf[to]), 1)
  }
}
