import type { DataCode } from './lines.ts'

/** How the fields of a file are told apart; −1 for `quote` when nothing is quoted. */
export interface CsvShape {
  delimiter: number
  quote: number
  /** Unquoted text that means null, beside the empty field. */
  nullText: Uint8Array
  columnCount: number
  /** Slot of each column of the file in the field table, −1 for those not wanted. */
  slots: Int32Array
  /** Is one empty field more at the end of a line allowed? */
  tolerateTail: boolean
  /** May there be carriage returns? */
  hasReturns: boolean
}

/** What is wrong with the record behind the scanned rows. */
export interface ScanProblem {
  code: DataCode
  message: string
  at: number
  /** Behind the record, where the next one may start. */
  end: number
  hint?: string
}

export interface ScanResult {
  /** Where the next record starts. */
  next: number
  /** The record at `next` does not end in this block. */
  incomplete: boolean
  problem?: ScanProblem
}

/**
 * The keys of the objects of a file, in the order in which they are expected. Most files write the same keys in the same order, so that a key is
 * found by comparing some bytes; others are looked up by name.
 */
export interface KeyOrder {
  /** Slots of the wanted keys. */
  readonly slots: ReadonlyMap<string, number>
  readonly keys: Uint8Array[]
  /** Their first four bytes. */
  readonly words: number[]
  /** Slot of each expected key, −1 for one that is not wanted. */
  readonly keySlots: number[]
  /** How often a key was learnt. */
  version: number
}
