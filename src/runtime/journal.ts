import { crc32 } from 'node:zlib'
import { type MillraceError, runError } from '../base/errors.ts'
import type { Disk, DiskFile } from '../base/host.ts'
import type { Value } from '../data/type.ts'
import type { SourceFile } from '../ir/logical.ts'
import type { PhysicalPlan } from '../ir/physical.ts'
import { decodeData, encodeData } from '../ir/serde.ts'
import { keptFile } from './kept-file.ts'
import type { TaskReport } from './orders.ts'
import { ownMark, type ProcessMark } from './process-life.ts'
import type { JournalRecord } from './run-state.ts'

/** The first line of a journal: what the run is, and who may clean up after it. */
export interface JournalHeader {
  record: 'run'
  version: 1
  process: ProcessMark
  /** May a later process go on with it? Else the header only tells whose left-overs these are. */
  recoverable: boolean
  fingerprint: string
  mode: PhysicalPlan['mode']
  program: Value
  sources: readonly SourceFile[]
  sinks: readonly { connector: string; options: Value }[]
  cwd: string
}
/** Written each time a process takes an interrupted run over. */
type Takeover = { record: 'resume'; process: ProcessMark }
type AnyRecord = JournalHeader | Takeover | JournalRecord

/** What a journal says. */
export interface JournalState {
  header: JournalHeader
  /** The process that wrote last. */
  process: ProcessMark
  /** How many processes have worked on it. */
  generation: number
  tasks: ReadonlyMap<string, { attempt: number; report: TaskReport }>
  committing: boolean
  done: boolean
  /** Bytes of whole records; what follows was cut off by a crash. */
  sizeBytes: number
}

export const journalPath = (directory: string): string => `${directory}/journal.jsonl`

/** The header of a new run. */
export function headerOf(plan: PhysicalPlan, run: { program: Value; cwd: string; recoverable: boolean }): JournalHeader {
  return {
    record: 'run',
    version: 1,
    process: ownMark(),
    recoverable: run.recoverable,
    fingerprint: plan.fingerprint,
    mode: plan.mode,
    program: run.program,
    sources: sourcesOf(plan),
    sinks: plan.sinks.map(({ connector, options }) => ({ connector, options })),
    cwd: run.cwd,
  }
}

function sourcesOf(plan: PhysicalPlan): readonly SourceFile[] {
  const files = new Map<string, SourceFile>()
  for (const { nodes } of plan.stages) {
    for (const node of nodes) {
      if (node.operator !== 'scan') continue
      for (const { file } of node.spec.splits) if (file !== undefined) files.set(file.path, file)
    }
  }
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Appends records, each one on the disk before the call returns. One line a record: CRC-32, a space, JSON. */
export class JournalWriter {
  readonly #file: DiskFile

  private constructor(file: DiskFile) {
    this.#file = file
  }

  /** Starts a journal in an existing folder. */
  static create(disk: Disk, directory: string, header: JournalHeader): JournalWriter {
    return keptFile(directory, () => {
      const writer = new JournalWriter(disk.create(journalPath(directory)))
      writer.append(header)
      disk.syncDirectory(directory)
      return writer
    })
  }

  /** Goes on with a journal; a torn last line is put out of the way first. */
  static reopen(disk: Disk, directory: string, state: JournalState): JournalWriter {
    const path = journalPath(directory)
    const torn = (disk.stat(path)?.sizeBytes ?? 0) > state.sizeBytes
    const writer = new JournalWriter(disk.append(path))
    // Readers skip an empty or broken line, so ending the torn one is enough.
    if (torn) writer.#file.write(encoder.encode('\n'))
    writer.append({ record: 'resume', process: ownMark() })
    return writer
  }

  append(record: AnyRecord): void {
    const text = encodeData(record)
    keptFile(this.#file.path, () => {
      this.#file.write(encoder.encode(`${crc32(text).toString(16).padStart(8, '0')} ${text}\n`))
      this.#file.sync()
    })
  }

  close(): void {
    this.#file.close()
  }
}

const encoder = new TextEncoder()

/** Reads a journal; undefined when there is none, or not even its header is whole. */
export function readJournal(disk: Disk, directory: string): JournalState | undefined {
  const text = readText(disk, journalPath(directory))
  if (text === undefined) return undefined
  let header: JournalHeader | undefined
  let process: ProcessMark | undefined
  let generation = 1
  let committing = false
  let done = false
  let sizeBytes = 0
  const tasks = new Map<string, { attempt: number; report: TaskReport }>()
  for (const line of text.split('\n').slice(0, -1)) {
    const record = parseLine(line)
    if (record !== undefined) sizeBytes += Buffer.byteLength(line) + 1
    switch (record?.record) {
      case 'run':
        header = record
        process = record.process
        break
      case 'resume':
        process = record.process
        generation++
        break
      case 'task':
        tasks.set(`${record.stage}/${record.task}`, { attempt: record.attempt, report: record.report })
        break
      case 'commit':
        committing = true
        break
      case 'done':
        done = true
        break
    }
  }
  return header && process && { header, process, generation, tasks, committing, done, sizeBytes }
}

function parseLine(line: string): AnyRecord | undefined {
  const text = line.slice(9)
  if (text === '' || Number.parseInt(line.slice(0, 8), 16) !== crc32(text)) return undefined
  return decodeData(text) as AnyRecord
}

function readText(disk: Disk, path: string): string | undefined {
  const size = disk.stat(path)?.sizeBytes
  if (size === undefined) return undefined
  const bytes = new Uint8Array(size)
  const file = disk.openRead(path)
  try {
    for (let at = 0; at < size; ) {
      const count = file.read(bytes, at, size - at, at)
      if (count === 0) break
      at += count
    }
  } finally {
    file.close()
  }
  return new TextDecoder().decode(bytes)
}

/** Refuses to go on with a run over other inputs or by another plan: `RUN_CHANGED` names the first difference. */
export function checkUnchanged(earlier: JournalHeader, now: JournalHeader): void {
  const difference = firstDifference(earlier, now)
  if (difference !== undefined) throw runChanged(difference)
}

export const runChanged = (difference: string): MillraceError =>
  runError('RUN_CHANGED', `the interrupted run cannot go on: ${difference}`, { hint: 'start it anew, without --resume' })

function firstDifference(earlier: JournalHeader, now: JournalHeader): string | undefined {
  const before = new Map(earlier.sources.map((file) => [file.path, file]))
  for (const file of now.sources) {
    const old = before.get(file.path)
    if (old === undefined) return `'${file.path}' was no input then`
    if (old.sizeBytes !== file.sizeBytes) return `'${file.path}' had ${old.sizeBytes} bytes, now ${file.sizeBytes}`
    if (old.mtimeMs !== file.mtimeMs) return `'${file.path}' was written since`
    before.delete(file.path)
  }
  for (const path of before.keys()) return `'${path}' is no input any more`
  if (earlier.mode !== now.mode) return `it ran in ${earlier.mode} mode, now in ${now.mode} mode`
  if (earlier.fingerprint !== now.fingerprint) return 'the program or its settings changed'
  return undefined
}
