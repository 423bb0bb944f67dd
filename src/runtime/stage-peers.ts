import type { MemoryAccount, MemoryBudget } from './memory.ts'

/** A value that an operator has in common with the same operator of other tasks. */
export interface Shared<T> {
  readonly value: T
  /** This task adds nothing more. True for the last one that is there: what the value holds is then its to finish. */
  leave(): boolean
}

/** Makes a shared value; accounts that it opens are closed with it. */
export type MakeShared<T> = (openAccount: () => MemoryAccount) => T

/**
 * The tasks of one attempt of a stage in one thread, from the moment they are ordered until they end.
 *
 * In a pipelined region tasks succeed or fail together, so they may leave rows to each other. Elsewhere each task has peers of its own.
 */
export class StagePeers {
  readonly #memory: Pick<MemoryBudget, 'open'>
  readonly #accounts = new Set<MemoryAccount>()
  readonly #values = new Map<number, { value: unknown; left: number }>()
  #entered = 0
  #ended = 0

  constructor(memory: Pick<MemoryBudget, 'open'>) {
    this.#memory = memory
  }

  /** A task was ordered. */
  enter(): void {
    this.#entered++
  }

  /** A task has ended, well or not. True when it was the last: nothing of what was shared is wanted any more. */
  end(): boolean {
    this.#ended++
    if (this.#ended < this.#entered) return false
    for (const account of this.#accounts) account.release()
    return true
  }

  /** The value of a node, made when the first task asks. */
  share<T>(node: number, make: MakeShared<T>): Shared<T> {
    const known = this.#values.get(node)
    const entry = known ?? { value: make(() => this.#openAccount()), left: 0 }
    if (known === undefined) this.#values.set(node, entry)
    return {
      value: entry.value as T,
      leave: () => ++entry.left === this.#entered,
    }
  }

  #openAccount(): MemoryAccount {
    const account = this.#memory.open()
    const tracked: MemoryAccount = {
      grant: (bytes) => account.grant(bytes),
      release: () => {
        account.release()
        this.#accounts.delete(tracked)
      },
    }
    this.#accounts.add(tracked)
    return tracked
  }
}
