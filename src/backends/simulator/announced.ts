import { type Announcement, notYet, type TaskOrder } from '../../runtime/orders.ts'

/** What tasks that began early know of the producers of hybrid exchanges. They are told alike, so that there is one list for all of them. */
export class Announced {
  readonly #attempts = new Map<number, readonly number[]>()
  #last: { attempts: readonly number[]; before: readonly number[]; found: readonly number[] } | undefined
  readonly #counts = new WeakMap<readonly number[], number>()

  /** An order is as new as what the coordinator knew when it gave it. */
  learn({ inputs }: TaskOrder): void {
    for (const { exchange, attempts } of inputs)
      if (this.countOf(attempts) < attempts.length) this.#attempts.set(exchange, attempts)
  }

  tell(made: readonly Announcement[]): void {
    const copies = new Map<number, number[]>()
    for (const { exchange, task, attempt } of made) {
      const copy = copies.get(exchange) ?? [...(this.#attempts.get(exchange) ?? [])]
      copies.set(exchange, copy)
      copy[task] = attempt
    }
    for (const [exchange, attempts] of copies) this.#attempts.set(exchange, attempts)
  }

  /** Attempts of the producers that a task is to read. */
  of({ inputs }: TaskOrder, exchange: number): readonly number[] {
    const given = inputs.find((input) => input.exchange === exchange)?.attempts ?? []
    return this.countOf(given) === given.length ? given : (this.#attempts.get(exchange) ?? given)
  }

  /** What is known in `attempts` and was not in `before`; all else is `notYet`. */
  newIn(attempts: readonly number[], before: readonly number[]): readonly number[] {
    if (before.length === 0) return attempts
    if (this.#last?.attempts === attempts && this.#last.before === before) return this.#last.found
    const found = attempts.map((attempt, task) => (before[task] === notYet ? attempt : notYet))
    this.#last = { attempts, before, found }
    return found
  }

  /** Of how many producers it is known what to read. */
  countOf(attempts: readonly number[]): number {
    let count = this.#counts.get(attempts)
    if (count === undefined) {
      count = attempts.reduce((sum, attempt) => (attempt === notYet ? sum : sum + 1), 0)
      this.#counts.set(attempts, count)
    }
    return count
  }
}
