/**
 * A tournament over `count` players, numbered from 0. After the winner changed, `replay` finds the next one by as many matches as the tree is deep
 * (Knuth, The Art of Computer Programming 3, 5.4.1: tree of losers).
 */
export class LoserTree {
  /** The losers of the matches, the winner of all in place 0. */
  readonly #losers: Int32Array
  readonly #count: number
  readonly #heads: Float64Array
  readonly #tieBreak: (a: number, b: number) => boolean

  /**
   * @param heads - what players are compared by, the smaller wins; Infinity for one that is out.
   * @param tieBreak - does the first one win, where heads are equal?
   */
  constructor(heads: Float64Array, tieBreak: (a: number, b: number) => boolean) {
    this.#count = heads.length
    this.#heads = heads
    this.#tieBreak = tieBreak
    this.#losers = new Int32Array(Math.max(1, heads.length))
    if (heads.length > 0) this.#losers[0] = this.#play(1)
  }

  get winner(): number {
    return this.#losers[0]
  }

  /** Who would win if the winner were out: it lost to the winner. −1 when nobody else plays. */
  get second(): number {
    let best = -1
    for (let match = (this.winner + this.#count) >> 1; match > 0; match >>= 1) {
      const player = this.#losers[match]
      if (best < 0 || this.#wins(player, best)) best = player
    }
    return best
  }

  /** The winner's head has changed. */
  replay(): void {
    const losers = this.#losers
    const heads = this.#heads
    let player = losers[0]
    let head = heads[player]
    for (let match = (player + this.#count) >> 1; match > 0; match >>= 1) {
      const other = losers[match]
      const otherHead = heads[other]
      if (otherHead < head || (otherHead === head && this.#tieBreak(other, player))) {
        losers[match] = player
        player = other
        head = otherHead
      }
    }
    losers[0] = player
  }

  /** Plays the match at a node of the tree, whose leaves are `count .. 2 count`, and all below it; gives the winner. */
  #play(node: number): number {
    if (node >= this.#count) return node - this.#count
    const left = this.#play(node * 2)
    const right = this.#play(node * 2 + 1)
    const isLeft = this.#wins(left, right)
    this.#losers[node] = isLeft ? right : left
    return isLeft ? left : right
  }

  #wins(a: number, b: number): boolean {
    return this.#heads[a] < this.#heads[b] || (this.#heads[a] === this.#heads[b] && this.#tieBreak(a, b))
  }
}
