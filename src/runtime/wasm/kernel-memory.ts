import { kernelsCode } from './kernels-code.ts'

/** Loops of kernels.wat; arrays are given as their first byte in the memory. */
interface Kernels {
  readonly count: WebAssembly.Global
  numberKeys(
    keys: number,
    groups: number,
    row: number,
    to: number,
    slots: number,
    mask: number,
    words: number,
    seed: number,
    room: number,
    insert: number,
  ): number
  addValues(groups: number, values: number, row: number, to: number, sums: number, limit: number): number
  addOnes(groups: number, to: number, counts: number): void
}

/** Rows that are copied in at a time: doubles from byte 0 on, then their groups. */
const portionRows = 8192
const groupsAt = portionRows * 8
const pageBytes = 65_536
/** Here the arrays of the table begin. */
export const arraysAt = 2 * pageBytes

/** Arrays beyond this size are worth a memory of their own: smaller ones stay in the processor's caches, where kernels gain little. */
export const kernelBytes = 2 ** 18

/** `false` where WebAssembly is missing, forbidden or short of addresses, which is not tried again; undefined until it was tried. */
let compiled: WebAssembly.Module | false | undefined

/**
 * The linear memory of one table with the kernels over it. Rows of a batch are copied in at its start, the arrays of the table stand behind them:
 * as typed arrays they serve TypeScript and kernels alike.
 */
export class KernelMemory {
  readonly #kernels: Kernels
  readonly #memory: WebAssembly.Memory
  #doubles!: Float64Array
  #groups!: Int32Array

  private constructor(module: WebAssembly.Module) {
    this.#memory = new WebAssembly.Memory({ initial: arraysAt / pageBytes })
    this.#kernels = new WebAssembly.Instance(module, { host: { memory: this.#memory } }).exports as unknown as Kernels
    this.#viewRows()
  }

  /** Undefined where there can be none: tables then stay as they are. */
  static open(): KernelMemory | undefined {
    try {
      compiled ??= new WebAssembly.Module(Buffer.from(kernelsCode, 'base64'))
      return compiled === false ? undefined : new KernelMemory(compiled)
    } catch {
      compiled = false
      return undefined
    }
  }

  get sizeBytes(): number {
    return this.#memory.buffer.byteLength
  }

  /** Makes room for arrays of so many bytes; views of them are to be made anew. Fresh bytes are zeros. */
  reserve(arrayBytes: number): void {
    const missing = arraysAt + arrayBytes - this.sizeBytes
    if (missing <= 0) return
    this.#memory.grow(Math.ceil(missing / pageBytes))
    this.#viewRows()
  }

  doubles(at: number, length: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#memory.buffer, at, length)
  }

  ints(at: number, length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#memory.buffer, at, length)
  }

  /** See `NumberTable`. Gives the row where it stopped for want of room, and the count of numbers then. */
  numberKeys(
    keys: Float64Array,
    groups: Int32Array,
    row: number,
    to: number,
    table: TableInMemory,
  ): { row: number; count: number } {
    const { slotsAt, mask, wordsAt, seed, insert } = table
    const { numberKeys, count } = this.#kernels
    count.value = table.count
    while (row < to) {
      const rows = Math.min(portionRows, to - row)
      const room = table.room - (count.value - table.count)
      this.#doubles.set(keys.subarray(row, row + rows))
      const stop = numberKeys(0, groupsAt, 0, rows, slotsAt, mask, wordsAt, seed, room, insert ? 1 : 0)
      groups.set(this.#groups.subarray(0, stop), row)
      row += stop
      if (stop < rows) break
    }
    return { row, count: count.value }
  }

  /** See `createIntSum`; `sumsAt` is where the sums stand. Gives the row where it stopped. */
  addValues(groups: Int32Array, values: Float64Array, row: number, to: number, sumsAt: number, limit: number): number {
    while (row < to) {
      const rows = Math.min(portionRows, to - row)
      this.#groups.set(groups.subarray(row, row + rows))
      this.#doubles.set(values.subarray(row, row + rows))
      const stop = this.#kernels.addValues(groupsAt, 0, 0, rows, sumsAt, limit)
      row += stop
      if (stop < rows) break
    }
    return row
  }

  /** See `createCount`; `countsAt` is where the counts stand. */
  addOnes(groups: Int32Array, to: number, countsAt: number): void {
    for (let row = 0; row < to; row += portionRows) {
      const rows = Math.min(portionRows, to - row)
      this.#groups.set(groups.subarray(row, row + rows))
      this.#kernels.addOnes(groupsAt, rows, countsAt)
    }
  }

  #viewRows(): void {
    this.#doubles = this.doubles(0, portionRows)
    this.#groups = this.ints(groupsAt, portionRows)
  }
}

/** A `NumberTable` whose arrays stand in the memory: their first bytes, and what it allows. */
interface TableInMemory {
  slotsAt: number
  mask: number
  wordsAt: number
  seed: number
  count: number
  room: number
  insert: boolean
}
