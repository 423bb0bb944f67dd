import type { Clock } from '../../base/host.ts'
import type { OperatorMetrics } from '../operator.ts'

/** What a thread can spend its time on: one operator of one task. */
export interface Turn {
  /** The same object for all operators of a task. */
  readonly time: TaskTime
  readonly metrics: Pick<OperatorMetrics, 'busyMs'>
}

/** What one attempt of a task takes of its thread. */
export interface TaskTime {
  /** CPU of the thread while the task ran; where the host cannot tell that, the time it had the thread. */
  cpuMs: number
}

/**
 * Says whose turn it is in a thread, so that the time of each operator and the CPU of each task can be told apart.
 *
 * Exactly one operator has the turn, or none while all wait. Turns change when a batch is handed on and when a task begins to wait, never for a row:
 * two readings of the clock a batch and operator, and one of the thread's CPU when another task comes on.
 */
export class ThreadMeter {
  readonly #clock: Clock
  #current: Turn | undefined
  #sinceMs = 0
  #cpuMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Gives `next` the turn; undefined when nobody wants it. Returns who had it. */
  turn(next: Turn | undefined): Turn | undefined {
    const before = this.#current
    if (before === next) return before
    const nowMs = this.#clock.nowMs()
    if (before !== undefined) before.metrics.busyMs += nowMs - this.#sinceMs
    if (before?.time !== next?.time) {
      const cpuMs = this.#clock.threadCpuMs?.() ?? nowMs
      if (before !== undefined) before.time.cpuMs += cpuMs - this.#cpuMs
      this.#cpuMs = cpuMs
    }
    this.#sinceMs = nowMs
    this.#current = next
    return before
  }

  /** Nobody has the turn until `wait` is over, then whoever has it now. */
  suspend<T>(wait: Promise<T>): Promise<T> {
    const before = this.turn(undefined)
    return wait.then((value) => {
      this.turn(before)
      return value
    })
  }
}
