import { targetBatchBytes } from '../../data/batch.ts'
import type { BytesBuilder } from '../../data/builder.ts'
import type { BytesColumn } from '../../data/column.ts'
import type { CsvShape, KeyOrder } from '../scan-shape.ts'
import { scanCode } from './scan-code.ts'

/** Loops of scan.wat; places are bytes of the memory. */
interface Kernels {
  readonly next: WebAssembly.Global
  scanJson(
    at: number,
    stop: number,
    limit: number,
    shift: number,
    row: number,
    rows: number,
    starts: number,
    ends: number,
    kinds: number,
    rowStarts: number,
    keys: number,
    keysEnd: number,
  ): number
  scanCsv(
    at: number,
    stop: number,
    limit: number,
    shift: number,
    row: number,
    rows: number,
    starts: number,
    ends: number,
    kinds: number,
    rowStarts: number,
    places: number,
    placesEnd: number,
    delimiter: number,
    quote: number,
    returns: number,
  ): number
  readNumbers(
    starts: number,
    ends: number,
    kinds: number,
    row: number,
    rows: number,
    shift: number,
    values: number,
    powers: number,
    isInteger: number,
  ): number
  copyTexts(
    starts: number,
    ends: number,
    kinds: number,
    rows: number,
    shift: number,
    offsets: number,
    to: number,
    quote: number,
  ): number
  cutLines(at: number, end: number, rows: number, offsets: number, to: number): number
  joinLines(offsets: number, rows: number, at: number, to: number): number
}

/** Lines that were cut: where they end, and their bytes; where the line behind the last one starts. */
export interface CutLines {
  rowCount: number
  offsets: Int32Array
  bytes: Uint8Array
  /** Bytes written. */
  size: number
  next: number
}

/** From so much text on a memory of its own is worth it. */
export const kernelTextBytes = 2 ** 20

const pageBytes = 65_536
const newline = 10
const carriageReturn = 13
/** Kernels look at some bytes before and behind what they read, and write some more than they should. */
const slack = 64

/** The text that a batch is made of is copied in, with its last line, if that is not a long one. */
const textAt = slack
const textBytes = targetBatchBytes + 2 ** 16
/** Texts of a column, one behind the other. */
const columnAt = textAt + textBytes + 2 * slack
/** Powers of ten by which digits are divided. */
const powersAt = columnAt + textBytes + 2 * slack
const powers = Float64Array.from({ length: 20 }, (_, power) => Number(`1e${power}`))
/** Keys as the kernel wants them: see scan.wat. */
const keysAt = powersAt + powers.byteLength
const keyBytes = 144
const maxKeySize = 64
const maxKeys = 256
/** Or places of columns. */
const maxColumns = (maxKeys * keyBytes) / 4
const arraysAt = keysAt + maxKeys * keyBytes

/** `false` where WebAssembly or its vectors are missing, which is not tried again; undefined until it was tried. */
let compiled: WebAssembly.Module | false | undefined

/** The linear memory of one reader: a window of its text, and the arrays of its field table, which serve TypeScript and kernels alike. */
export class ScanMemory {
  readonly starts: Int32Array<ArrayBuffer>
  readonly ends: Int32Array<ArrayBuffer>
  readonly kinds: Uint8Array<ArrayBuffer>
  readonly rowStarts: Int32Array<ArrayBuffer>
  readonly #kernels: Kernels
  readonly #bytes: Uint8Array<ArrayBuffer>
  readonly #words: Int32Array<ArrayBuffer>
  /** What a kernel makes of a column: numbers, or the offsets of texts. */
  readonly #numbers: Float64Array<ArrayBuffer>
  readonly #offsets: Int32Array<ArrayBuffer>
  readonly #capacity: number
  /** So many batches go without the kernel that scans, as the lines before them were out of the ordinary. */
  restBatches = 0
  /** Where in the data the text begins that is here, and where it ends. */
  #from = 0
  #end = 0
  /** What stands at `keysAt`: the version of an order of keys, or the columns of a file. */
  #keysOf: number | CsvShape = -1
  #keysEnd = keysAt

  private constructor(module: WebAssembly.Module, slots: number, capacity: number) {
    const fields = slots * capacity
    const numbersAt = arraysAt
    const startsAt = numbersAt + (capacity + 1) * 8
    const endsAt = startsAt + fields * 4
    const rowStartsAt = endsAt + fields * 4
    const kindsAt = rowStartsAt + capacity * 4
    const memory = new WebAssembly.Memory({ initial: Math.ceil((kindsAt + fields + slack) / pageBytes) })
    const { buffer } = memory
    this.#kernels = new WebAssembly.Instance(module, { host: { memory } }).exports as unknown as Kernels
    this.#bytes = new Uint8Array(buffer)
    this.#words = new Int32Array(buffer)
    this.#capacity = capacity
    this.#numbers = new Float64Array(buffer, numbersAt, capacity)
    this.#offsets = new Int32Array(buffer, numbersAt, capacity + 1)
    this.starts = new Int32Array(buffer, startsAt, fields)
    this.ends = new Int32Array(buffer, endsAt, fields)
    this.rowStarts = new Int32Array(buffer, rowStartsAt, capacity)
    this.kinds = new Uint8Array(buffer, kindsAt, fields)
    new Float64Array(buffer, powersAt).set(powers)
  }

  /** Undefined where there can be none: tables are then made of arrays of their own, and scanned in TypeScript. */
  static open(slots: number, capacity: number): ScanMemory | undefined {
    try {
      compiled ??= new WebAssembly.Module(Buffer.from(scanCode, 'base64'))
      return compiled === false ? undefined : new ScanMemory(compiled, slots, capacity)
    } catch {
      compiled = false
      return undefined
    }
  }

  /** Copies the text in from which a batch is made. */
  load(data: Uint8Array, from: number, end: number): void {
    this.#from = from
    this.#end = Math.min(end, from + textBytes)
    this.#bytes.set(data.subarray(from, this.#end), textAt)
    this.#bytes[textAt + this.#end - from] = newline
  }

  /** Is the text of the rows here, which end before this place in the data? */
  holds(end: number): boolean {
    return end <= this.#end
  }

  /** See `scanJson`; gives the row and the line where it stopped, which begin at a line that is out of the ordinary or not all here. */
  scanJson(at: number, stop: number, row: number, rows: number, order: KeyOrder): { row: number; at: number } {
    if (this.#keysOf !== order.version) this.#writeKeys(order)
    const last = this.#kernels.scanJson(...this.#scanArguments(at, stop, row, rows))
    return { row: last, at: this.#kernels.next.value + this.#shift }
  }

  /** See `scanCsv`, and above. */
  scanCsv(at: number, stop: number, row: number, rows: number, shape: CsvShape): { row: number; at: number } {
    if (shape.columnCount > maxColumns) return { row, at }
    if (this.#keysOf !== shape) this.#writePlaces(shape)
    const last = this.#kernels.scanCsv(
      ...this.#scanArguments(at, stop, row, rows),
      shape.delimiter,
      shape.quote,
      shape.hasReturns ? carriageReturn : newline,
    )
    return { row: last, at: this.#kernels.next.value + this.#shift }
  }

  /** From a place in the memory to one in the data. */
  get #shift(): number {
    return this.#from - textAt
  }

  /** What both scans are given: where they read, the rows to make, and where places and keys stand. */
  #scanArguments(at: number, stop: number, row: number, rows: number) {
    const shift = this.#shift
    const { starts, ends, kinds, rowStarts } = this
    return [
      at - shift,
      Math.min(stop, this.#end) - shift,
      this.#end - shift,
      shift,
      row,
      rows,
      starts.byteOffset,
      ends.byteOffset,
      kinds.byteOffset,
      rowStarts.byteOffset,
      keysAt,
      this.#keysEnd,
    ] as const
  }

  /** See `fillInt64` and `fillFloat64`: puts the numbers of a slot into `values`; gives the row where it stopped, and how many are absent. */
  readNumbers(slot: number, rows: number, values: Float64Array, isInteger: boolean): { row: number; nulls: number } {
    const first = slot * this.#capacity
    const { starts, ends, kinds } = this
    const row = this.#kernels.readNumbers(
      starts.byteOffset + first * 4,
      ends.byteOffset + first * 4,
      kinds.byteOffset + first,
      0,
      rows,
      this.#from - textAt,
      this.#numbers.byteOffset,
      powersAt,
      isInteger ? 1 : 0,
    )
    values.set(this.#numbers.subarray(0, row))
    return { row, nulls: this.#kernels.next.value }
  }

  /** See `fillString`: puts the texts of a slot into a builder; gives the row where it stopped. `quote` is 0 for the escapes of JSON. */
  copyTexts(slot: number, rows: number, { offsets, data }: BytesBuilder, quote: number): { row: number; size: number } {
    const first = slot * this.#capacity
    const { starts, ends, kinds } = this
    const row = this.#kernels.copyTexts(
      starts.byteOffset + first * 4,
      ends.byteOffset + first * 4,
      kinds.byteOffset + first,
      rows,
      this.#from - textAt,
      this.#offsets.byteOffset,
      columnAt,
      quote,
    )
    const size = this.#kernels.next.value - columnAt
    offsets.set(this.#offsets.subarray(1, row + 1), 1)
    data.set(this.#bytes.subarray(columnAt, columnAt + size))
    return { row, size }
  }

  /** See `cutLines` of text; undefined where there is not room for so much. What it gives is valid until the next call. */
  cutLines(data: Uint8Array, from: number, end: number, maxRows: number): CutLines | undefined {
    if (end - from > textBytes) return undefined
    this.load(data, from, end)
    const rowCount = this.#kernels.cutLines(
      textAt,
      textAt + end - from,
      Math.min(maxRows, this.#capacity),
      this.#offsets.byteOffset,
      columnAt,
    )
    const next = this.#kernels.next.value - textAt + from
    // Kernels for other things write here too.
    this.#offsets[0] = 0
    const size = this.#offsets[rowCount]
    const bytes = this.#bytes.subarray(columnAt, columnAt + size)
    return { rowCount, offsets: this.#offsets.subarray(0, rowCount + 1), bytes, size, next }
  }

  /** See `linesOf`: copies texts with newlines behind them; undefined where there is not room for so much, or one ends with a carriage return. */
  joinLines({ data, offsets }: BytesColumn, rows: number): Uint8Array | undefined {
    const size = offsets[rows] - offsets[0]
    if (rows > this.#capacity || size + rows > textBytes) return undefined
    this.#bytes.set(data.subarray(offsets[0], offsets[rows]), textAt)
    this.#offsets.set(offsets.subarray(0, rows + 1))
    const row = this.#kernels.joinLines(this.#offsets.byteOffset, rows, textAt, columnAt)
    return row < rows ? undefined : this.#bytes.subarray(columnAt, columnAt + size + rows)
  }

  #writePlaces(shape: CsvShape): void {
    const capacity = this.#capacity
    this.#words.set(
      shape.slots.map((slot) => (slot < 0 ? -1 : slot * capacity)),
      keysAt >> 2,
    )
    this.#keysEnd = keysAt + shape.columnCount * 4
    this.#keysOf = shape
  }

  #writeKeys({ keys, keySlots, version }: KeyOrder): void {
    let at = keysAt
    for (let index = 0; index < Math.min(keys.length, maxKeys); index++, at += keyBytes) {
      const text = keys[index]
      const size = text.length + 3
      if (size > maxKeySize) break
      this.#words[at >> 2] = size
      this.#words[(at >> 2) + 1] = keySlots[index] < 0 ? -1 : keySlots[index] * this.#capacity
      const bytes = this.#bytes.subarray(at + 16, at + keyBytes).fill(0)
      bytes[0] = 34
      bytes.set(text, 1)
      bytes[size - 2] = 34
      bytes[size - 1] = 58
      bytes.fill(255, maxKeySize, maxKeySize + size)
    }
    this.#keysEnd = at
    this.#keysOf = version
  }
}
