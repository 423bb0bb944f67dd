import type { Agenda } from '../../base/agenda.ts'
import type { SeededRandom } from '../../base/seeded-random.ts'

/** Until a message that was not answered is sent again. */
const resendMs = 1000
const latestMs = 2000

/**
 * Brings messages from one machine to another. Some do badly: they are lost or arrive torn, which nobody answers, so that they are sent again; they
 * arrive twice; or they are late and overtaken by others. Whoever gets them must cope with all of that.
 */
export class Messages {
  readonly #agenda: Agenda<() => void>
  readonly #random: SeededRandom
  readonly #meanMs: number
  readonly #badShare: number
  sent = 0
  bad = 0

  constructor(agenda: Agenda<() => void>, random: SeededRandom, meanMs: number, badShare: number) {
    this.#agenda = agenda
    this.#random = random
    this.#meanMs = meanMs
    this.#badShare = badShare
  }

  send(nowMs: number, arrive: () => void): void {
    this.sent++
    const delayMs = this.#meanMs * (0.5 + this.#random.next())
    if (this.#badShare === 0 || this.#random.next() >= this.#badShare) {
      this.#agenda.put(nowMs + delayMs, arrive)
      return
    }
    this.bad++
    const lateMs = delayMs + this.#random.next() * latestMs
    switch (this.#random.below(4)) {
      case 0:
      case 1:
        // Lost, or thrown away because of its checksum; the second one may fare no better.
        this.#agenda.put(nowMs + resendMs, () => this.send(nowMs + resendMs, arrive))
        return
      case 2:
        this.#agenda.put(nowMs + delayMs, arrive)
        this.#agenda.put(nowMs + lateMs, arrive)
        return
      default:
        this.#agenda.put(nowMs + lateMs, arrive)
    }
  }
}
