import type { MemoryAccount, MemoryBudget } from './memory.ts'

/** A value that an operator has in common with the same operator of other tasks. */
export interface Shared<T> {
  readonly value: T
  /** This task adds nothing more. True for the last one that is there: what the value holds is then its to finish. */
  leave(): boolean
}

interface PeerValue {
  value: unknown
  /** Tasks that have left it. */
  left: number
  heldBytes: number
  peakBytes: number
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
  readonly #values = new Map<number, PeerValue>()
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
    const entry = known ?? { value: undefined, left: 0, heldBytes: 0, peakBytes: 0 }
    if (known === undefined) {
      entry.value = make(() => this.#openAccount(entry))
      this.#values.set(node, entry)
    }
    return {
      value: entry.value as T,
      leave: () => ++entry.left === this.#entered,
    }
  }

  /** Most bytes that the tasks have held together for the value of a node. */
  peakBytes(node: number): number {
    return this.#values.get(node)?.peakBytes ?? 0
  }

  #openAccount(entry: PeerValue): MemoryAccount {
    const account = this.#memory.open()
    let held = 0
    const hold = (bytes: number): void => {
      entry.heldBytes += bytes - held
      held = bytes
      entry.peakBytes = Math.max(entry.peakBytes, entry.heldBytes)
    }
    const tracked: MemoryAccount = {
      grant(bytes) {
        const answer = account.grant(bytes)
        if (answer === 'ok') hold(bytes)
        return answer
      },
      release: () => {
        account.release()
        hold(0)
        this.#accounts.delete(tracked)
      },
    }
    this.#accounts.add(tracked)
    return tracked
  }
}
