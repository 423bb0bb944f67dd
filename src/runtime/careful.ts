import type { DiskFile, Host } from '../base/host.ts'
import type { Batch } from '../data/batch.ts'
import { sliceBatch } from '../data/read.ts'
import { RowPlaces } from '../io/row-places.ts'
import { keptFile } from './kept-file.ts'
import type { Care, LastBatch, RowRange, TaskName, TaskOrder, WorkerId } from './orders.ts'
import type { RunFiles } from './run-files.ts'

const waiting = 'waiting'
const done = 'done'

/** Feeds the batches of a split to a task whose worker was lost before, and says of each on disk when it begins and ends. */
export class CarefulFeed {
  readonly #care: Care
  readonly #path: string
  readonly #host: Host
  readonly #places: RowPlaces
  #file: DiskFile | undefined

  constructor(care: Care, name: TaskName, files: RunFiles, host: Host) {
    this.#care = care
    this.#path = files.careful(name)
    this.#host = host
    this.#places = new RowPlaces(host)
  }

  /**
   * Rows that ended a worker are not fed but given to `leaveOut`. Those of the batch that was at work when a worker was lost are fed one by
   * one, so that the next loss tells the row.
   */
  async feed(
    batch: Batch,
    emit: (piece: Batch) => undefined | Promise<void>,
    leaveOut: (row: Batch) => void,
    stopped: () => boolean,
  ): Promise<void> {
    const { source } = batch.header
    if (source === undefined) return emit(batch)
    const { suspect, leftOut } = this.#care
    const first = source.firstRow
    const isLeftOut = (row: number): boolean => leftOut.some((range) => range.firstRow === first + row)
    const isAlone = (row: number): boolean => isLeftOut(row) || (suspect !== undefined && holds(suspect, first + row))
    for (let at = 0; at < batch.rowCount && !stopped(); ) {
      let to = at + 1
      if (!isAlone(at)) while (to < batch.rowCount && !isAlone(to)) to++
      const piece = sliceBatch(batch, at, to)
      if (isLeftOut(at)) leaveOut(piece)
      else await this.#emit(piece, emit)
      at = to
    }
  }

  close(): void {
    this.#places.close()
    this.#file?.close()
    this.#host.disk.remove(this.#path)
  }

  async #emit(piece: Batch, emit: (piece: Batch) => undefined | Promise<void>): Promise<void> {
    const { firstRow, origin } = piece.header.source ?? { firstRow: 0 }
    const place = origin === undefined ? {} : this.#places.placeOf(origin, firstRow)
    this.#say(JSON.stringify({ ...place, firstRow, rows: piece.rowCount } satisfies RowRange))
    const wait = emit(piece)
    if (wait !== undefined) {
      // Another task of this worker may run meanwhile.
      this.#say(waiting)
      await wait
    }
    this.#say(done)
  }

  #say(line: string): void {
    this.#file ??= this.#host.disk.create(this.#path)
    // Not synced: it has to outlive the worker, not the machine.
    this.#file.write(Buffer.from(`${line}\n`))
  }
}

const holds = ({ firstRow, rows }: RowRange, row: number): boolean => row >= firstRow && row < firstRow + rows

/** Knows which careful tasks workers have, and finds out what they were at when one is lost. */
export class CarefulTasks {
  readonly #tasks = new Map<WorkerId, Set<TaskOrder>>()
  readonly #host: Host
  readonly #files: RunFiles

  constructor(host: Host, files: RunFiles) {
    this.#host = host
    this.#files = files
  }

  begin(worker: WorkerId, order: TaskOrder): void {
    if (order.care === undefined) return
    const tasks = this.#tasks.get(worker) ?? new Set()
    this.#tasks.set(worker, tasks.add(order))
  }

  /** It has answered, so that it is not at work when its worker is lost. */
  end(worker: WorkerId, order: TaskOrder): void {
    this.#tasks.get(worker)?.delete(order)
  }

  /** The batches that a lost worker was at; its tasks are forgotten. */
  lastBatches(worker: WorkerId): readonly LastBatch[] {
    const tasks = this.#tasks.get(worker) ?? []
    this.#tasks.delete(worker)
    return [...tasks].flatMap(({ region, stage, task, attempt }) => {
      const name = { region, stage, task, attempt }
      const path = this.#files.careful(name)
      const last = keptFile(path, () => takeLast(path, this.#host))
      return last === undefined ? [] : [{ ...name, ...last }]
    })
  }
}

function takeLast(path: string, host: Host): ReturnType<typeof lastOf> {
  if (host.disk.stat(path) === undefined) return undefined
  const last = lastOf(readText(path, host))
  host.disk.remove(path)
  return last
}

function lastOf(text: string): (RowRange & { isWaiting: boolean }) | undefined {
  const lines = text.split('\n').slice(0, -1)
  const last = lines.at(-1)
  if (last === undefined || last === done) return undefined
  const range = last === waiting ? lines.at(-2) : last
  return range === undefined ? undefined : { ...(JSON.parse(range) as RowRange), isWaiting: last === waiting }
}

function readText(path: string, { disk }: Host): string {
  const bytes = new Uint8Array(disk.stat(path)?.sizeBytes ?? 0)
  const file = disk.openRead(path)
  try {
    return Buffer.from(bytes.subarray(0, file.read(bytes, 0, bytes.length, 0))).toString('utf8')
  } finally {
    file.close()
  }
}
