import type { TaskName, TaskOrder, TaskReport } from '../../runtime/orders.ts'

/**
 * The orders of a worker and their answers. Where another coordinator may come they are kept until the worker ends: the first one may be gone before
 * it has heard of an answer, or written it down. An order is a few hundred bytes, with a number for each
 * producer task whose file it reads, and an answer as many for each operator.
 */
export class HeldTasks {
  readonly #keeps: boolean
  readonly #held = new Map<string, { order: TaskOrder; answer: Promise<TaskReport> }>()

  constructor(keeps: boolean) {
    this.#keeps = keeps
  }

  /** What came of an order; it is carried out when it is new. */
  answerOf(order: TaskOrder, carryOut: () => Promise<TaskReport>): Promise<TaskReport> {
    const known = this.#held.get(nameOf(order))
    if (known !== undefined) return known.answer
    const name = nameOf(order)
    const task = carryOut()
    const answer = this.#keeps ? task : task.finally(() => this.#held.delete(name))
    this.#held.set(name, { order, answer })
    return answer
  }

  orders(): readonly TaskOrder[] {
    return [...this.#held.values()].map(({ order }) => order)
  }

  /** Resolves when none of them runs. */
  settled(): Promise<unknown> {
    return Promise.allSettled([...this.#held.values()].map(({ answer }) => answer))
  }
}

const nameOf = ({ stage, task, attempt }: TaskName): string => `${stage}/${task}#${attempt}`
