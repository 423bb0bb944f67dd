import type { Batch } from '../../data/batch.ts'
import type { Credit } from './credit.ts'

/** The part of a MessagePort that a link needs. */
export interface LinkPort {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void
  on(event: 'message', listener: (message: unknown) => void): unknown
  close(): void
}

/**
 * What goes over a link. `key` names the channel. Items are numbered from 1 in each channel, so that one that is missing is known by its number, one
 * that comes twice counts once, and those that overtake others wait.
 */
export type LinkMessage = { key: string } & (
  | ({ sequence: number } & ({ bytes: Uint8Array<ArrayBuffer>; exchange: number } | { barrier: number } | { end: true }))
  | Acknowledgement
  /** Asks for an acknowledgement; items up to this number were sent. */
  | { probe: number }
)

/** Totals since the channel began, so that a later one makes up for one that got lost. */
export interface Acknowledgement {
  /** All items up to this number have arrived. */
  received: number
  /** Batches that the reader has taken, and what they had cost. */
  taken: number
  takenBytes: number
  /** The reader wants no more. */
  stopped: boolean
  /** The probe that this answers. */
  answers?: number
}

/** The sending end of a channel. */
export interface Outlet {
  readonly credit: Credit
  /** Undefined while there is credit, else a promise to await before the next call. */
  send(batch: Batch): undefined | Promise<void>
  barrier(epoch: number): void
  end(): void
}
