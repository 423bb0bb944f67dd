import { transferHandlers } from 'comlink'
import { asMillraceError, bug, type ErrorRecord, fromErrorRecord, toErrorRecord } from '../../base/errors.ts'

interface Thrown {
  value: unknown
}

/**
 * Makes errors keep their code and details between threads: comlink itself carries message, name and stack only.
 * Called once in each thread before the first call.
 */
export function keepErrorDetails(): void {
  const throwHandler = transferHandlers.get('throw')
  if (throwHandler === undefined) throw bug('comlink has no handler for errors')
  transferHandlers.set('throw', {
    canHandle: throwHandler.canHandle,
    serialize({ value }: Thrown) {
      return [toErrorRecord(asMillraceError(value, (message, cause) => bug(message, { cause }))), []]
    },
    deserialize(record: ErrorRecord) {
      throw fromErrorRecord(record)
    },
  } as never)
}
