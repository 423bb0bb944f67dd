import { notYet, type WorkerId } from '../../runtime/orders.ts'
import type { Cluster, MachineId } from './cluster.ts'

/** Where the output of a producer lies. */
export interface Place {
  worker: WorkerId
  machine: MachineId
}

interface Told {
  attempt: number
  share: number
  /** Absent when it has sent nothing. */
  place: Place | undefined
}

/** What the consumers of a hybrid exchange have been told to read so far. All of them are told at once, so that they share one list. */
export class Feed {
  readonly #told: (Told | undefined)[]
  readonly #ofWorker = new Map<WorkerId, Set<number>>()
  readonly #onMachine: Float64Array
  readonly #inRack: Float64Array
  readonly #rackOf: Int32Array
  readonly #shareOf: (task: number) => number
  #lastList: readonly number[] | undefined
  #share = 0
  /** Of how many producers it is known what to read. */
  known = 0

  constructor(cluster: Cluster, tasks: number, shareOf: (task: number) => number) {
    this.#told = Array.from({ length: tasks })
    this.#onMachine = new Float64Array(cluster.size)
    this.#inRack = new Float64Array(cluster.spec.racks)
    this.#rackOf = cluster.rackOf
    this.#shareOf = shareOf
  }

  get producers(): number {
    return this.#told.length
  }

  /** The part of all bytes that is there to be read. */
  get share(): number {
    return this.known === this.#told.length ? 1 : this.#share
  }

  /** The part of what is there that lies on a machine, and in its rack. */
  sharesNear(machine: MachineId): { onMachine: number; inRack: number } {
    const all = Math.max(Number.MIN_VALUE, this.#share)
    return { onMachine: this.#onMachine[machine] / all, inRack: this.#inRack[this.#rackOf[machine]] / all }
  }

  /** Orders of many consumers have the same list. */
  isNew(attempts: readonly number[]): boolean {
    const isNew = this.#lastList !== attempts
    this.#lastList = attempts
    return isNew
  }

  /** Attempts of a task are numbered upwards, and news may come late or twice. */
  knows(task: number, attempt: number): boolean {
    return (this.#told[task]?.attempt ?? notYet) >= attempt
  }

  tell(task: number, attempt: number, place: Place | undefined): void {
    const before = this.#told[task]
    if (before !== undefined) this.#forget(task, before)
    const share = this.#shareOf(task)
    this.#told[task] = { attempt, share, place }
    this.known++
    this.#count(place, share)
    if (place === undefined) return
    const tasks = this.#ofWorker.get(place.worker) ?? new Set()
    this.#ofWorker.set(place.worker, tasks.add(task))
  }

  /** Whoever has not copied from this worker waits until its tasks were done again. */
  lose(worker: WorkerId): void {
    for (const task of this.#ofWorker.get(worker) ?? []) {
      const told = this.#told[task]
      if (told?.place?.worker === worker) this.#forget(task, told)
    }
    this.#ofWorker.delete(worker)
  }

  #forget(task: number, { place, share }: Told): void {
    this.#told[task] = undefined
    this.known--
    this.#count(place, -share)
  }

  #count(place: Place | undefined, share: number): void {
    this.#share += share
    if (place === undefined) return
    this.#onMachine[place.machine] += share
    this.#inRack[this.#rackOf[place.machine]] += share
  }
}
