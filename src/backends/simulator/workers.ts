import type { Agenda } from '../../base/agenda.ts'
import type { SeededRandom } from '../../base/seeded-random.ts'
import type { WorkerId } from '../../runtime/orders.ts'
import type { Cluster, MachineId } from './cluster.ts'

export interface WorkersContext {
  cluster: Cluster
  agenda: Agenda<() => void>
  random: SeededRandom
  now(): number
  /** A worker can take tasks. */
  ready(worker: WorkerId, machine: MachineId): void
}

/** Which worker is on which machine. A cluster manager starts workers where there is none, as the coordinator asks for them. */
export class Workers {
  readonly #context: WorkersContext
  readonly #machineOf = new Map<WorkerId, MachineId>()
  readonly #ready = new Set<WorkerId>()
  /** Machines without a worker, and workers without a machine, in the order in which they have come to be so. */
  readonly #vacant: MachineId[]
  readonly #waiting: WorkerId[] = []
  #started = 0

  constructor(context: WorkersContext) {
    this.#context = context
    this.#vacant = context.random.shuffle(Array.from({ length: context.cluster.spec.machines }, (_, machine) => machine))
  }

  /** Where a worker is that can take tasks. */
  machineOf(worker: WorkerId): MachineId | undefined {
    return this.#ready.has(worker) ? this.#machineOf.get(worker) : undefined
  }

  /** Is the worker still to come, or to get a machine? */
  isComing(worker: WorkerId): boolean {
    return !this.#ready.has(worker) && (this.#machineOf.has(worker) || this.#waiting.includes(worker))
  }

  spawn(worker: WorkerId): void {
    this.#waiting.push(worker)
    this.#fill()
  }

  /** The worker ends; another one may take its place at once, unless the machine is down. */
  end(worker: WorkerId): void {
    const machine = this.#machineOf.get(worker)
    const waits = this.#waiting.indexOf(worker)
    if (waits >= 0) this.#waiting.splice(waits, 1)
    this.#machineOf.delete(worker)
    this.#ready.delete(worker)
    if (machine !== undefined && this.#context.cluster.up[machine] === 1) this.offer(machine)
  }

  /** A machine has no worker and can have one. */
  offer(machine: MachineId): void {
    this.#vacant.push(machine)
    this.#fill()
  }

  /** So many of the workers that can take tasks, drawn by chance. */
  draw(count: number): WorkerId[] {
    return this.#context.random.shuffle([...this.#ready]).slice(0, count)
  }

  #fill(): void {
    while (this.#waiting.length > 0 && this.#vacant.length > 0) {
      const worker = this.#waiting.shift() as WorkerId
      const machine = this.#vacant.shift() as MachineId
      this.#machineOf.set(worker, machine)
      const atMs = this.#startMs()
      this.#context.agenda.put(atMs, () => {
        if (this.#machineOf.get(worker) !== machine) return
        this.#ready.add(worker)
        this.#context.ready(worker, machine)
      })
    }
  }

  /** The first workers come up one after the other: the program goes to each of them, and input files are opened before that. */
  #startMs(): number {
    const { startUpSeconds, startsPerSecond, restartSeconds, machines } = this.#context.cluster.spec
    const nowMs = this.#context.now()
    if (this.#started++ >= machines) return nowMs + restartSeconds * 1000
    return Math.max(nowMs, startUpSeconds * 1000 + (this.#started * 1000) / startsPerSecond)
  }
}
