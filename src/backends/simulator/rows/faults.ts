import { SeededRandom } from '../../../base/seeded-random.ts'

/** What can go wrong in a virtual cluster. */
export const faultKinds = [
  'workerDies',
  'workerHangs',
  'workerIsSlow',
  'coordinatorDies',
  'messageLost',
  'messageTwice',
  'messageLate',
  'linkDown',
  'clockJumps',
  'fileLost',
  'bitFlips',
  'diskError',
] as const
export type FaultKind = (typeof faultKinds)[number]

/** How likely a fault is each time it could happen, from 0 to 1, and how often it happens at most. */
export type FaultRates = Partial<Record<FaultKind, { chance: number; atMost: number }>>

/** Draws from a seed what goes wrong and when; counts what did. */
export class Faults {
  readonly hits: Record<FaultKind, number>
  readonly #rates: FaultRates
  readonly #random: SeededRandom

  constructor(seed: number, rates: FaultRates) {
    this.#random = new SeededRandom(seed)
    this.#rates = rates
    this.hits = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<FaultKind, number>
  }

  /** Does this fault happen now? */
  strikes(kind: FaultKind): boolean {
    const rate = this.#rates[kind]
    if (rate === undefined || this.hits[kind] >= rate.atMost || this.#random.next() >= rate.chance) return false
    this.hits[kind]++
    return true
  }

  /** A number from `low` up to `high`. */
  between(low: number, high: number): number {
    return low + this.#random.next() * (high - low)
  }
}
