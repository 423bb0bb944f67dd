import type { SeededRandom } from '../../base/seeded-random.ts'
import type { PhysicalPlan } from '../../ir/physical.ts'
import type { Cluster, MachineId } from './cluster.ts'

/** Where the copies of each split of each scan stage lie, by `stage/task`. */
export type BlockPlaces = ReadonlyMap<number, readonly (readonly MachineId[])[]>

/** Puts the copies of each input block on machines in different racks, as far as there are racks (Google File System, §4.2). */
export function placeBlocks(plan: PhysicalPlan, cluster: Cluster, random: SeededRandom): BlockPlaces {
  const { machines, inputCopies } = cluster.spec
  const places = new Map<number, MachineId[][]>()
  for (const stage of plan.stages) {
    if (!stage.nodes.some((node) => node.operator === 'scan')) continue
    places.set(
      stage.id,
      Array.from({ length: stage.tasks }, () => spread(cluster, random, Math.min(inputCopies, machines), [])),
    )
  }
  return places
}

/** Adds machines until there are `count`, each in a rack of its own if a few tries find one. */
function spread(cluster: Cluster, random: SeededRandom, count: number, chosen: MachineId[]): MachineId[] {
  for (let tries = 0; chosen.length < count; tries++) {
    const machine = random.below(cluster.spec.machines)
    const isTaken = chosen.includes(machine)
    const hasRack = chosen.some((other) => cluster.rackOf[other] === cluster.rackOf[machine])
    if (!isTaken && (!hasRack || tries > 20)) chosen.push(machine)
  }
  return chosen
}

/** A machine that is up, in another rack if there is one, for the next copy of what `from` writes. */
export function nextCopy(cluster: Cluster, random: SeededRandom, from: MachineId): MachineId {
  const { machines } = cluster.spec
  for (let tries = 0; tries < 50; tries++) {
    const machine = random.below(machines)
    if (machine === from || cluster.up[machine] === 0) continue
    if (tries > 20 || cluster.rackOf[machine] !== cluster.rackOf[from]) return machine
  }
  return from
}

/** The nearest of the copies whose machine is up; undefined when there is none. */
export function nearestCopy(cluster: Cluster, copies: readonly MachineId[], to: MachineId): MachineId | undefined {
  const alive = copies.filter((machine) => cluster.up[machine] === 1)
  return (
    alive.find((machine) => machine === to) ?? alive.find((machine) => cluster.rackOf[machine] === cluster.rackOf[to]) ?? alive[0]
  )
}
