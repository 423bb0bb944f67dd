import { bug } from '../../base/errors.ts'
import { targetBatchRows } from '../../data/batch.ts'
import type { PhysicalNodeOf } from '../../ir/physical.ts'
import type { MemoryAccount } from '../memory.ts'
import type { Operator, OperatorContext } from '../operator.ts'
import { emitAll } from './emit.ts'
import { GroupStore } from './group-store.ts'
import { textNumberingOf } from './text-numbering.ts'

/** After this many rows a partial aggregate looks whether it makes them fewer. */
const trialRows = 100_000
const worthwhileShare = 0.5

/**
 * Partial aggregate, the lifted combiner: rows to states, which a final aggregate merges.
 *
 * Out: one row a group with its states, in no order that anything may rely on. The tasks of a thread fill one table together, and the last of them
 * empties it: each would meet the same keys again.
 * Memory: O(groups); without more memory, or when rows hardly become fewer, states are emitted at once and it starts afresh.
 */
export function createPartialAggregate({ spec }: PhysicalNodeOf<'aggregate'>, ctx: OperatorContext): Operator {
  const { value: partial, leave } = ctx.share((openAccount) => new PartialGroups(() => new GroupStore(spec, ctx), openAccount))

  return {
    name: 'aggregate (partial)',
    borrows: true,
    textNumbering: textNumberingOf(spec, ctx.inputs[0], () => partial.store),
    push(_input, batch) {
      const earlier = partial.mustNotGrow(batch.rowCount) ? emitStates() : undefined
      partial.store.take(batch)
      partial.rows += batch.rowCount
      return partial.isFull() && earlier === undefined ? emitStates() : earlier
    },
    finish() {
      if (!leave()) return undefined
      partial.store.ensureGroup()
      return emitStates()
    },
    barrier() {
      throw bug('a partial aggregate cannot end epochs')
    },
    close() {},
  }

  async function emitStates(): Promise<void> {
    // Other tasks go on to add rows while this one waits for credit.
    const { store, account } = partial.startAfresh()
    await emitAll(ctx, store.unordered())
    account.release()
  }
}

/** What the tasks of a thread have added since the table was last emptied. */
class PartialGroups {
  store: GroupStore
  rows = 0
  readonly #newStore: () => GroupStore
  readonly #openAccount: () => MemoryAccount
  #account: MemoryAccount
  #passThrough: boolean | undefined

  constructor(newStore: () => GroupStore, openAccount: () => MemoryAccount) {
    this.#newStore = newStore
    this.#openAccount = openAccount
    this.store = newStore()
    this.#account = openAccount()
  }

  /** Should the states be given away before more rows come, which might make the arrays grow? */
  mustNotGrow(rowCount: number): boolean {
    const growing = this.store.growingBytes(rowCount)
    return growing > 0 && this.#account.grant(growing) === 'spill'
  }

  /** Should the states be given away now? */
  isFull(): boolean {
    if (this.#passThrough === undefined && this.rows >= trialRows) {
      this.#passThrough = this.store.count > this.rows * worthwhileShare
    }
    const isOverBudget = this.#account.grant(this.store.sizeBytes) === 'spill'
    return isOverBudget || (this.#passThrough === true && this.store.count >= targetBatchRows)
  }

  startAfresh(): { store: GroupStore; account: MemoryAccount } {
    const { store } = this
    const account = this.#account
    this.store = this.#newStore()
    this.#account = this.#openAccount()
    this.rows = 0
    return { store, account }
  }
}
