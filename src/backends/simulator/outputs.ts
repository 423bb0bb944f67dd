import type { WorkerId } from '../../runtime/orders.ts'
import type { Cluster, MachineId } from './cluster.ts'
import type { Place } from './feed.ts'

/** Where the producers' files of an exchange lie. */
export interface Sources {
  /** Files that hold something. */
  files: number
  /** Share of the bytes that lies on a machine, and in a rack. */
  onMachine: Float64Array
  inRack: Float64Array
  /** One producer task of each worker that has files. */
  taskOf: ReadonlyMap<WorkerId, number>
}

/** Who made which output. Consumers of one exchange are mostly given the same list of attempts, so that its sum is made once. */
export class Outputs {
  readonly #cluster: Cluster
  readonly #made = new Map<string, { worker: WorkerId; machine: MachineId; bytes: number }>()
  readonly #known = new Map<number, { attempts: readonly number[]; sources: Sources }>()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** A task of a stage has left files of so many bytes in all. */
  keep(stage: number, task: number, attempt: number, worker: WorkerId, machine: MachineId, bytes: number): void {
    this.#made.set(`${stage}/${task}/${attempt}`, { worker, machine, bytes })
  }

  /** Where it lies; undefined when there is none. */
  placeOf(stage: number, task: number, attempt: number): Place | undefined {
    return this.#made.get(`${stage}/${task}/${attempt}`)
  }

  /** @param attempts - those of the tasks of the producer stage; 0: one that sent nothing. */
  sourcesOf(exchange: number, stage: number, attempts: readonly number[]): Sources {
    const known = this.#known.get(exchange)
    if (known?.attempts === attempts) return known.sources
    const sources = this.#sum(stage, attempts)
    this.#known.set(exchange, { attempts, sources })
    return sources
  }

  #sum(stage: number, attempts: readonly number[]): Sources {
    const onMachine = new Float64Array(this.#cluster.size)
    const inRack = new Float64Array(this.#cluster.spec.racks)
    const taskOf = new Map<WorkerId, number>()
    let files = 0
    let total = 0
    for (const [task, attempt] of attempts.entries()) {
      const made = this.#made.get(`${stage}/${task}/${attempt}`)
      if (made === undefined) continue
      files++
      total += made.bytes
      onMachine[made.machine] += made.bytes
      inRack[this.#cluster.rackOf[made.machine]] += made.bytes
      if (!taskOf.has(made.worker)) taskOf.set(made.worker, task)
    }
    if (total > 0) {
      for (let i = 0; i < onMachine.length; i++) onMachine[i] /= total
      for (let i = 0; i < inRack.length; i++) inRack[i] /= total
    }
    return { files, onMachine, inRack, taskOf }
  }
}
