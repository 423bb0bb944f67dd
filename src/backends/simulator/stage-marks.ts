import type { Stage } from '../../ir/physical.ts'

/** When what happened to the tasks of a stage, in milliseconds of the run; undefined: not yet. */
export class StageMarks {
  readonly stage: Stage
  startMs: number | undefined
  /** The last task has all of its input from other tasks. */
  receivedMs: number | undefined
  /** When each task was done first, in order. */
  readonly doneTimes: number[] = []
  readonly #isDone: Uint8Array

  constructor(stage: Stage) {
    this.stage = stage
    this.#isDone = new Uint8Array(stage.tasks)
  }

  get firstDoneMs(): number | undefined {
    return this.doneTimes[0]
  }

  get doneMs(): number | undefined {
    return this.doneTimes.length === this.stage.tasks ? this.doneTimes[this.doneTimes.length - 1] : undefined
  }

  /** When all but so many tasks were done. */
  allBut(count: number): number | undefined {
    return this.doneTimes[this.stage.tasks - count - 1]
  }

  started(nowMs: number): void {
    this.startMs ??= nowMs
  }

  received(nowMs: number): void {
    this.receivedMs = nowMs
  }

  /** A task that is done once more does not count again. */
  committed(task: number, nowMs: number): void {
    if (this.#isDone[task] === 1) return
    this.#isDone[task] = 1
    this.doneTimes.push(nowMs)
  }
}
