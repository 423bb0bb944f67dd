import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { makeDurableFolder } from '../base/durable-folder.ts'
import { type MillraceError, runError } from '../base/errors.ts'
import type { Disk, DiskFile, Host } from '../base/host.ts'
import type { Value } from '../data/type.ts'
import type { SourceFile } from '../ir/logical.ts'
import type { PhysicalPlan } from '../ir/physical.ts'
import { decodeData, encodeData } from '../ir/serde.ts'
import { keptFile, removeKept } from './kept-file.ts'
import type { TaskReport } from './orders.ts'
import { isAlive, ownMark, type ProcessMark } from './process-life.ts'
import type { JournalRecord, PartsBySink } from './run-state.ts'

/** The first line of a journal: what the run is, and who may clean up after it. */
export interface JournalHeader {
  record: 'run'
  version: 1
  /** Names the claim of the process that started the run. */
  claim: string
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
/** Written by whoever would go on with the run. */
type Claim = { record: 'resume'; claim: string; process: ProcessMark }
/** Who made this claim has nothing to do with the run any more, though its process may live on. */
type Left = { record: 'left'; claim: string }
/** Where worker processes of the run can be found, also when their coordinator has gone. */
type Workers = { record: 'workers'; sockets: string }
type AnyRecord = JournalHeader | Claim | Left | Workers | JournalRecord

/** Who has claimed the run. */
interface Claimant {
  claim: string
  process: ProcessMark
  left: boolean
}

/** What a journal says. */
export interface JournalState {
  header: JournalHeader
  /** In the order of their claims: the run is that of the first who is there still. */
  claimants: readonly Claimant[]
  tasks: ReadonlyMap<string, { task: number; attempt: number; report: TaskReport }>
  /** Folder of the sockets of its last worker processes. */
  sockets?: string
  /** What was to be committed, once it was. */
  commit?: PartsBySink
  done: boolean
}

export const journalPath = (directory: string): string => `${directory}/journal.jsonl`

const startingName = (directory: string, { pid, started }: ProcessMark): string => `${directory}.${pid}-${started}.new`

/** The process that is making a folder of this name into that of a run; undefined for other names. */
export function startedBy(name: string): ProcessMark | undefined {
  const [, pid, started] = /\.(\d+)-(\w*)\.new$/.exec(name) ?? []
  return pid === undefined ? undefined : { pid: Number(pid), started }
}

/** A name for a claim, which no other one has. */
export const newClaim = ({ random }: Host): string => random.uint32().toString(36) + random.uint32().toString(36)

/** The process that has the run, unless it is free. */
export const ownerOf = ({ claimants }: JournalState): ProcessMark | undefined => claimants.find(isThere)?.process

const isThere = ({ left, process }: Claimant): boolean => !left && isAlive(process)

/** The header of a new run. */
export function headerOf(
  plan: PhysicalPlan,
  run: { claim: string; program: Value; cwd: string; recoverable: boolean },
): JournalHeader {
  return {
    record: 'run',
    version: 1,
    claim: run.claim,
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
  readonly #claim: string

  private constructor(file: DiskFile, claim: string) {
    this.#file = file
    this.#claim = claim
  }

  /**
   * Makes the folder of a run, with its header in it from the first moment on: until that is written, its name says whose it is.
   */
  static create(disk: Disk, directory: string, header: JournalHeader): JournalWriter {
    return keptFile(directory, () => {
      const unnamed = startingName(directory, header.process)
      try {
        makeDurableFolder(disk, unnamed)
        const first = new JournalWriter(disk.create(journalPath(unnamed)), header.claim)
        try {
          first.append(header)
        } finally {
          first.close()
        }
        disk.syncDirectory(unnamed)
        disk.rename(unnamed, directory)
      } catch (thrown) {
        removeKept(disk, unnamed)
        throw thrown
      }
      disk.syncDirectory(dirname(directory))
      return new JournalWriter(disk.append(journalPath(directory)), header.claim)
    })
  }

  /**
   * Takes a run over that nobody works on, and reads what was done of it.
   *
   * Claims are appended, so that all see them in one order, and whoever finds nobody before itself has the run: of many who try at once exactly one
   * does. A claim ends with its process, however that ends; there is no lock that could be left behind.
   *
   * @returns also how many claims there were before.
   * @throws MillraceError `RUN_BUSY` when another one has it, or has removed it meanwhile.
   */
  static takeOver(
    disk: Disk,
    directory: string,
    claim: string,
  ): { writer: JournalWriter; earlier: JournalState; claims: number } {
    const writer = new JournalWriter(openJournal(disk, directory), claim)
    try {
      // After a torn last line; readers skip an empty one.
      writer.append({ record: 'resume', claim, process: ownMark() }, '\n')
      const earlier = readJournal(disk, directory)
      const claims = earlier?.claimants.findIndex((claimant) => claimant.claim === claim) ?? -1
      if (earlier === undefined || claims < 0 || earlier.done) throw runBusy(undefined)
      const other = earlier.claimants.slice(0, claims).find(isThere)
      if (other !== undefined) throw runBusy(other.process)
      return { writer, earlier, claims }
    } catch (thrown) {
      writer.leave()
      throw thrown
    }
  }

  append(record: AnyRecord, before = ''): void {
    const text = encodeData(record)
    keptFile(this.#file.path, () => {
      this.#file.write(encoder.encode(`${before}${crc32(text).toString(16).padStart(8, '0')} ${text}\n`))
      this.#file.sync()
    })
  }

  /** Gives the run up, for others to go on with, and closes the journal. */
  leave(): void {
    try {
      this.append({ record: 'left', claim: this.#claim })
    } catch {
      // Then the others have to wait for the end of this process.
    }
    this.close()
  }

  close(): void {
    this.#file.close()
  }
}

/** A run that was found a moment ago may be over and gone. */
function openJournal(disk: Disk, directory: string): DiskFile {
  return keptFile(directory, () => {
    try {
      return disk.append(journalPath(directory))
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') throw runBusy(undefined)
      throw thrown
    }
  })
}

/** @param owner - who works on the run; undefined when its folder is gone. */
export function runBusy(owner: ProcessMark | undefined): MillraceError {
  if (owner === undefined)
    return runError('RUN_BUSY', 'the interrupted run is gone: another process has ended or removed it meanwhile', {
      hint: 'look at its outputs, then run again',
    })
  return runError('RUN_BUSY', `the run cannot be resumed here: process ${owner.pid} is working on it`, {
    hint: 'wait until that process has ended; if it did not end well, --resume goes on from there',
  })
}

const encoder = new TextEncoder()

/** Reads a journal; undefined when there is none, or not even its header is whole. */
export function readJournal(disk: Disk, directory: string): JournalState | undefined {
  const text = readText(disk, journalPath(directory))
  if (text === undefined) return undefined
  let header: JournalHeader | undefined
  let commit: PartsBySink | undefined
  let sockets: string | undefined
  let done = false
  const claimants: Claimant[] = []
  const tasks = new Map<string, { task: number; attempt: number; report: TaskReport }>()
  for (const line of text.split('\n').slice(0, -1)) {
    const record = parseLine(line)
    switch (record?.record) {
      case 'run':
        header = record
        claimants.push({ claim: record.claim, process: record.process, left: false })
        break
      case 'resume':
        claimants.push({ claim: record.claim, process: record.process, left: false })
        break
      case 'left':
        for (const claimant of claimants) if (claimant.claim === record.claim) claimant.left = true
        break
      case 'workers':
        sockets = record.sockets
        break
      case 'task':
        tasks.set(`${record.stage}/${record.task}`, { task: record.task, attempt: record.attempt, report: record.report })
        break
      case 'undo':
        tasks.delete(`${record.stage}/${record.task}`)
        break
      case 'commit':
        commit = record.parts
        break
      case 'done':
        done = true
        break
    }
  }
  return header && { header, claimants, tasks, sockets, commit, done }
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
  const difference = changedInput(earlier, now)
  if (difference !== undefined) throw runChanged(difference)
  if (earlier.mode !== now.mode)
    throw runChanged(
      `it ran in ${earlier.mode} mode, now in ${now.mode} mode`,
      'leave out --mode: it goes on in the mode that it had',
    )
  if (earlier.fingerprint !== now.fingerprint) throw runChanged('the program or its settings changed')
}

export const runChanged = (
  difference: string,
  hint = 'start it anew: the same command with --mode serial in the place of --resume',
): MillraceError => runError('RUN_CHANGED', `the interrupted run cannot go on: ${difference}`, { hint })

function changedInput(earlier: JournalHeader, now: JournalHeader): string | undefined {
  const before = new Map(earlier.sources.map((file) => [file.path, file]))
  for (const file of now.sources) {
    const old = before.get(file.path)
    if (old === undefined) return `'${file.path}' was no input then`
    if (old.sizeBytes !== file.sizeBytes) return `'${file.path}' had ${old.sizeBytes} bytes, now ${file.sizeBytes}`
    if (old.mtimeMs !== file.mtimeMs) return `'${file.path}' was written since`
    before.delete(file.path)
  }
  for (const path of before.keys()) return `'${path}' is no input any more`
  return undefined
}
