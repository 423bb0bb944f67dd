import type { SimulationOptions } from '../../src/backends/simulator/simulation.ts'
import type { PhysicalPlan } from '../../src/ir/physical.ts'
import { step } from '../../src/runtime/coordinator.ts'
import { createRun } from '../../src/runtime/create-run.ts'
import type { RunEvent } from '../../src/runtime/run-state.ts'

const eventsATime = 4096

/**
 * Measures the coordinator apart from the world around it: a second one takes the same events, thousands at a time. To ask for the processor time
 * at each event would take longer than most events do.
 */
export class CoordinatorTime {
  readonly #plan: PhysicalPlan
  #pending: { event: RunEvent; nowMs: number }[] = []
  #take: (() => void) | undefined
  #cpuMs = 0

  constructor(plan: PhysicalPlan) {
    this.#plan = plan
  }

  /** To be given to the simulation; once for each run that counts. */
  readonly listen: NonNullable<SimulationOptions['listen']> = (settings) => {
    this.#flush()
    const state = createRun(this.#plan, settings)
    this.#take = () => {
      for (const { event, nowMs } of this.#pending) step(state, event, nowMs)
    }
    return (event, nowMs) => {
      this.#pending.push({ event, nowMs })
      if (this.#pending.length >= eventsATime) this.#flush()
    }
  }

  /** Milliseconds of all runs so far. */
  cpuMs(): number {
    this.#flush()
    return this.#cpuMs
  }

  #flush(): void {
    const before = threadMs()
    this.#take?.()
    this.#cpuMs += threadMs() - before
    this.#pending = []
  }
}

/** Processor time of this thread: the machine has other things to do. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
