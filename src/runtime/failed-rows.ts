import { relative } from 'node:path'
import type { ErrorCode } from '../base/error-codes.ts'
import type { Host } from '../base/host.ts'
import { formatPlace } from '../base/place.ts'
import { batchFromRows } from '../data/read.ts'
import type { Value } from '../data/type.ts'
import type { Sink, StagedPart } from '../io/connector.ts'
import { letterFields } from '../io/dead-letters.ts'
import type { ConnectorRegistry } from '../io/registry.ts'
import { RowPlaces } from '../io/row-places.ts'
import type { ErrorPolicy } from '../ir/on-error.ts'
import type { PhysicalPlan } from '../ir/physical.ts'
import { type FailedRow, type FailedRowCount, mostFirst, shownExamples, tooManyErrors } from './row-errors.ts'

/** What dead letters are written with. */
interface LetterEnvironment {
  plan: PhysicalPlan
  connectors: ConnectorRegistry
  host: Host
  cwd: string
  runId: string
}

const lettersAtOnce = 512
/** Letters of one stage stand together in the file, in the order of its tasks. */
const partsAStage = 2 ** 20

/**
 * The rows that an attempt of a task leaves out: counted by code, and where that is wanted written to a staged part of the dead letters, which
 * is committed with the parts of sinks.
 */
export class FailedRows {
  readonly #env: LetterEnvironment
  readonly #order: { stage: number; task: number; attempt: number }
  readonly #counts = new Map<ErrorCode, { rows: number; examples: string[] }>()
  readonly #places: RowPlaces
  #rows = 0
  #letters: (readonly Value[])[] = []
  #sink: Sink | undefined

  constructor(env: LetterEnvironment, order: { stage: number; task: number; attempt: number }) {
    this.#env = env
    this.#order = order
    this.#places = new RowPlaces(env.host)
  }

  /** @throws {@link MillraceError} `DATA_TOO_MANY_ERRORS` */
  add(row: FailedRow, policy: ErrorPolicy): void {
    const { onError } = this.#env.plan
    const count = this.#counts.get(row.code) ?? { rows: 0, examples: [] }
    this.#counts.set(row.code, count)
    count.rows++
    if (count.examples.length < shownExamples) count.examples.push(exampleOf(row, this.#env.cwd))
    if (policy === 'dead-letter' && onError?.sink !== undefined) {
      this.#letters.push(this.#letterOf(row))
      if (this.#letters.length >= lettersAtOnce) this.#write(onError.sink)
    }
    if (++this.#rows > (onError?.maxErrors ?? Number.POSITIVE_INFINITY))
      throw tooManyErrors(onError?.maxErrors ?? 0, this.#report())
  }

  /** Called when the task has ended well. */
  complete(): { parts: { sink: number; part: StagedPart }[]; failedRows?: readonly FailedRowCount[] } {
    const sink = this.#env.plan.onError?.sink
    if (sink !== undefined && this.#letters.length > 0) this.#write(sink)
    const part = this.#sink?.prepare()
    this.#sink = undefined
    return {
      parts: sink === undefined || part === undefined ? [] : [{ sink, part }],
      ...(this.#rows === 0 ? {} : { failedRows: this.#report() }),
    }
  }

  abort(): void {
    this.#sink?.abort()
    this.#sink = undefined
  }

  close(): void {
    this.#places.close()
  }

  #report(): FailedRowCount[] {
    return mostFirst(this.#counts)
  }

  #letterOf(failed: FailedRow): readonly Value[] {
    const { code, message, operator, fn, at, source, row, text, values, item } = failed
    const place = source?.origin === undefined || row === undefined ? failed : this.#places.placeOf(source.origin, row)
    const where = at === undefined || at.line === 0 ? null : formatPlace(at)
    const inSplit = source === undefined || row === undefined ? [null, null] : [source.split, row + 1]
    const inFile = [place.file ?? null, place.line ?? null, place.byteOffset ?? null]
    const texts = [text?.toWellFormed() ?? null, values?.() ?? null, item?.() ?? null]
    return [code, message.toWellFormed(), operator, fn ?? null, where, ...inFile, ...inSplit, ...texts]
  }

  #write(number: number): void {
    this.#sink ??= this.#openSink(number)
    this.#sink.write(batchFromRows(letterFields, this.#letters))
    this.#letters = []
  }

  #openSink(number: number): Sink {
    const { plan, connectors, host, cwd, runId } = this.#env
    const { connector, options } = plan.sinks[number]
    const { stage, task, attempt } = this.#order
    const found = connectors.sinks.get(connector)
    if (found === undefined) throw new RangeError(`no connector '${connector}'`)
    const partition = stage * partsAStage + task
    return found.open(options as never, { host, cwd, fields: letterFields, partition, attempt, runId })
  }
}

/** A label of a function tells its place. */
function exampleOf({ message, fn, file, line, at }: FailedRow, cwd: string): string {
  if (fn !== undefined) return `${fn}: ${message}`
  const place =
    file !== undefined
      ? `${shortPath(file, cwd)}:${line}`
      : at !== undefined && at.line > 0
        ? formatPlace({ ...at, file: shortPath(at.file, cwd) })
        : undefined
  return place === undefined ? message : `${message} (${place})`
}

/** A path below the working directory as it would be typed. */
function shortPath(path: string, cwd: string): string {
  const short = relative(cwd, path)
  return short === '' || short.startsWith('..') ? path : short
}
