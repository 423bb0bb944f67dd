import type { PhysicalPlan } from '../../ir/physical.ts'
import { type Announcement, notYet, type TaskOrder, type WorkerId } from '../../runtime/orders.ts'
import { exchangeOf } from '../../runtime/stage-shape.ts'
import type { Cluster } from './cluster.ts'
import { Feed } from './feed.ts'
import type { Outputs } from './outputs.ts'
import { type StageLoad, shareOf } from './stage-loads.ts'

interface FeedsContext {
  plan: PhysicalPlan
  cluster: Cluster
  loads: ReadonlyMap<number, StageLoad>
  outputs: Outputs
}

/** The feeds of all hybrid exchanges. */
export class Feeds {
  readonly #context: FeedsContext
  readonly #isThere: (worker: WorkerId) => boolean
  readonly #feeds = new Map<number, Feed>()

  constructor(context: FeedsContext, isThere: (worker: WorkerId) => boolean) {
    this.#context = context
    this.#isThere = isThere
  }

  /** Undefined for an exchange that is read when all of it is there. */
  of(exchange: number): Feed | undefined {
    const known = this.#feeds.get(exchange)
    if (known !== undefined) return known
    const { plan, loads, cluster } = this.#context
    const { mode, from } = exchangeOf(plan, exchange)
    if (mode !== 'hybrid') return undefined
    const load = loads.get(from) as StageLoad
    const feed = new Feed(cluster, load.stage.tasks, (task) => shareOf(load, task))
    this.#feeds.set(exchange, feed)
    return feed
  }

  /** @returns was any of it new? */
  tell(made: readonly Announcement[]): boolean {
    let isNews = false
    for (const { exchange, task, attempt } of made) isNews = this.#tellOne(exchange, task, attempt) || isNews
    return isNews
  }

  /** Orders tell as much as announcements. */
  learn({ inputs }: TaskOrder): void {
    for (const { exchange, attempts } of inputs) {
      if (this.of(exchange)?.isNew(attempts) !== true) continue
      for (let task = 0; task < attempts.length; task++)
        if (attempts[task] !== notYet) this.#tellOne(exchange, task, attempts[task])
    }
  }

  /** Of how many producers a task of this order knows what to read. */
  known({ inputs }: TaskOrder): number {
    return inputs.reduce((sum, { exchange }) => sum + (this.of(exchange)?.known ?? 0), 0)
  }

  lose(worker: WorkerId): void {
    for (const feed of this.#feeds.values()) feed.lose(worker)
  }

  #tellOne(exchange: number, task: number, attempt: number): boolean {
    const { outputs, plan } = this.#context
    const feed = this.of(exchange)
    if (feed === undefined || feed.knows(task, attempt)) return false
    const place = outputs.placeOf(exchangeOf(plan, exchange).from, task, attempt)
    // Gone meanwhile: it will be made again.
    if (place !== undefined && !this.#isThere(place.worker)) return false
    feed.tell(task, attempt, place)
    return true
  }
}
