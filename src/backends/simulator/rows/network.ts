import type { LinkPort } from '../../../runtime/exchange/link.ts'
import type { WorkerId } from '../../../runtime/orders.ts'
import type { Faults } from './faults.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Messages take this long; a late one many times as long, so that others overtake it. */
const delayMs = { least: 0.2, most: 3, late: 800 } as const
const downMs = { least: 50, most: 4000 } as const

/** Carries messages between the processes of a virtual cluster, as badly as the faults say. */
export class Network {
  readonly #time: VirtualTime
  readonly #faults: Faults
  readonly #isAlive: (process: WorkerId) => boolean
  readonly #note: (text: string) => void
  /** Until when nothing passes between two processes. */
  readonly #downUntil = new Map<string, number>()

  constructor(time: VirtualTime, faults: Faults, isAlive: (process: WorkerId) => boolean, note: (text: string) => void) {
    this.#time = time
    this.#faults = faults
    this.#isAlive = isAlive
    this.#note = note
  }

  /** @param what - a word for the log. */
  send(from: WorkerId, to: WorkerId, what: string, deliver: () => void): void {
    // What a process does after its death is only a shadow here.
    if (!this.#isAlive(from) || this.#isDown(from, to)) return
    if (this.#faults.strikes('messageLost')) return this.#note(`${what} ${from}-${to} is lost`)
    this.#carry(to, what, from, deliver)
    if (this.#faults.strikes('messageTwice')) this.#carry(to, what, from, deliver)
  }

  #carry(to: WorkerId, what: string, from: WorkerId, deliver: () => void): void {
    const isLate = this.#faults.strikes('messageLate')
    const ms = this.#faults.between(delayMs.least, isLate ? delayMs.late : delayMs.most)
    this.#time.after(ms, () => {
      if (!this.#isAlive(to)) return
      this.#note(`${what} ${from}-${to}`)
      deliver()
    })
  }

  #isDown(a: WorkerId, b: WorkerId): boolean {
    const pair = a < b ? `${a}/${b}` : `${b}/${a}`
    const now = this.#time.nowMs()
    if (this.#faults.strikes('linkDown')) {
      this.#note(`nothing passes between ${pair}`)
      this.#downUntil.set(pair, now + this.#faults.between(downMs.least, downMs.most))
    }
    return now < (this.#downUntil.get(pair) ?? 0)
  }

  /** Two ends of a link for data. */
  link(a: WorkerId, b: WorkerId): [LinkPort, LinkPort] {
    const listeners: ((message: unknown) => void)[][] = [[], []]
    const port = (own: WorkerId, other: WorkerId, end: number): LinkPort => ({
      postMessage: (message) =>
        this.send(own, other, 'data', () => {
          // Each arrival is an object of its own, as after a real way.
          for (const listener of listeners[1 - end]) listener({ ...(message as object) })
        }),
      on: (_event, listener) => listeners[end].push(listener),
      close() {},
    })
    return [port(a, b, 0), port(b, a, 1)]
  }
}
