import type { Column, DictionaryColumn } from '../../data/column.ts'
import { gatherColumn } from '../../data/gather.ts'

/** More combinations of codes than this are not worth a place each. */
const maxPlaces = 16_384
/** Tasks that share a table each have dictionaries of their own. */
const maxKnown = 16
const unknown = -1

/** Looks keys up: their groups, −1 for a key that is not there and not to be inserted. */
type Look = (columns: readonly Column[], rowCount: number, groups: Int32Array, insert: boolean) => void

/**
 * Groups of keys that are codes of dictionaries: each combination of codes is looked up once, and then found by its place in an array. For few
 * different keys, as in reports: three loops over numbers in place of making, hashing and comparing bytes.
 */
export class CodeGroups {
  /** By the owners of the dictionaries. */
  #known: Places[] = []
  #rows = new Int32Array(0)

  get sizeBytes(): number {
    return this.#known.reduce((sum, { groupAt }) => sum + groupAt.byteLength, this.#rows.byteLength)
  }

  /** Sets `groups` if every column is a dictionary with an owner, and all of them have few texts; else false. */
  look(columns: readonly Column[], rowCount: number, groups: Int32Array, insert: boolean, look: Look): boolean {
    if (columns.length === 0 || !columns.every(isOwned)) return false
    const places = this.#placesOf(columns)
    if (places === undefined) return false
    const { groupAt, strides, sizes } = places
    groups.fill(0, 0, rowCount)
    for (const [i, column] of columns.entries()) addCodes(groups, column, rowCount, strides[i], sizes[i] - 1)
    if (this.#rows.length < rowCount) this.#rows = new Int32Array(rowCount)
    const rows = this.#rows
    let count = 0
    for (let row = 0; row < rowCount; row++) {
      const place = groups[row]
      const group = groupAt[place]
      if (group >= 0) groups[row] = group
      else {
        // Below −1 is the number of a new combination; its rows are told their group at the end.
        if (group === unknown) {
          rows[count++] = row
          groupAt[place] = unknown - count
        }
        groups[row] = unknown - 1 - place
      }
    }
    if (count > 0) this.#settle(columns, rowCount, groups, insert, look, groupAt, rows.slice(0, count))
    return true
  }

  #settle(
    columns: readonly DictionaryColumn[],
    rowCount: number,
    groups: Int32Array,
    insert: boolean,
    look: Look,
    groupAt: Int32Array,
    rows: Int32Array,
  ): void {
    const found = new Int32Array(rows.length)
    const places = rows.map((row) => unknown - 1 - groups[row])
    // Without their owner, so that they are looked up by their texts.
    const picked = columns.map((column) => gatherColumn(column, rows, rows.length))
    look(picked, rows.length, found, insert)
    for (let i = 0; i < rows.length; i++) groupAt[places[i]] = found[i]
    for (let row = rows[0]; row < rowCount; row++) if (groups[row] < unknown) groups[row] = groupAt[unknown - 1 - groups[row]]
    // Who only looks may find them next time.
    for (let i = 0; i < rows.length; i++) if (found[i] < 0) groupAt[places[i]] = unknown
  }

  #placesOf(columns: readonly DictionaryColumn[]): Places | undefined {
    let places = this.#known.find(({ owners }) => columns.every(({ owner }, i) => owner === owners[i]))
    // One more than there are texts: null has a code, too.
    if (places !== undefined && columns.every(({ values }, i) => values.length < (places as Places).sizes[i])) return places
    if (places !== undefined) this.#known = this.#known.filter((known) => known !== places)
    places = makePlaces(columns)
    if (places !== undefined) this.#known = [places, ...this.#known.slice(0, maxKnown - 1)]
    return places
  }
}

interface Places {
  owners: readonly (object | undefined)[]
  /** Room for so many codes of each column; the last one is that of null. */
  sizes: readonly number[]
  strides: readonly number[]
  groupAt: Int32Array
}

const isOwned = (column: Column): column is DictionaryColumn => column.store === 'dictionary' && column.owner !== undefined

function makePlaces(columns: readonly DictionaryColumn[]): Places | undefined {
  const sizes = columns.map(({ values }) => 2 ** Math.ceil(Math.log2(values.length + 2)))
  const strides: number[] = []
  let total = 1
  for (const size of sizes) {
    strides.push(total)
    total *= size
  }
  if (total > maxPlaces) return undefined
  return { owners: columns.map(({ owner }) => owner), sizes, strides, groupAt: new Int32Array(total).fill(unknown) }
}

function addCodes(places: Int32Array, column: DictionaryColumn, rowCount: number, stride: number, nullCode: number): void {
  const { codes, nulls } = column
  if (nulls === undefined) {
    for (let row = 0; row < rowCount; row++) places[row] = (places[row] + Math.imul(codes[row], stride)) | 0
    return
  }
  for (let row = 0; row < rowCount; row++) {
    const isNull = (nulls[row >> 3] & (1 << (row & 7))) === 0
    places[row] = (places[row] + Math.imul(isNull ? nullCode : codes[row], stride)) | 0
  }
}
