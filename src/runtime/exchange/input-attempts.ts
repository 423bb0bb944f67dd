import { type Announcement, notYet, type TaskOrder } from '../orders.ts'

/** Which attempts of its producers a task is to read. Of hybrid exchanges more become known while it runs. */
export class InputAttempts {
  readonly #order: TaskOrder
  readonly #listeners: (() => void)[] = []

  constructor(order: TaskOrder) {
    this.#order = order
  }

  /** 0: the producer has sent nothing; `notYet`: it is not done. */
  of(exchange: number, producer: number): number {
    return this.#attempts(exchange)?.[producer] ?? 0
  }

  /** Calls `listener` whenever more is known. */
  onNews(listener: () => void): void {
    this.#listeners.push(listener)
  }

  announce(made: readonly Announcement[]): void {
    for (const { exchange, task, attempt } of made) {
      const attempts = this.#attempts(exchange)
      // The order itself: a coordinator that takes the worker over hears from it what this task was told.
      // Attempts of a task are numbered upwards, and an announcement may come late.
      if (attempts !== undefined) attempts[task] = Math.max(attempts[task], attempt)
    }
    for (const listener of this.#listeners) listener()
  }

  /** Of how many producers of these exchanges it is known what to read. */
  known(exchanges: readonly { id: number }[]): number {
    return exchanges.reduce((sum, { id }) => sum + (this.#attempts(id)?.filter((attempt) => attempt !== notYet).length ?? 0), 0)
  }

  #attempts(exchange: number): number[] | undefined {
    return this.#order.inputs.find((input) => input.exchange === exchange)?.attempts as number[] | undefined
  }
}
