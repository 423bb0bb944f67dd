import { dirname, join } from 'node:path'
import { sinkError } from '../base/errors.ts'
import type { Disk, FileStat, Host } from '../base/host.ts'
import { valueAt } from '../data/read.ts'
import { type Schema, types } from '../data/type.ts'
import { discardParts } from './commit.ts'
import type { ConnectorOptions, SinkConnector, StagedPart } from './connector.ts'
import { openPart } from './file-sink.ts'
import { probe, refuseLink, type SinkTarget, sinkTarget, writable } from './sink-target.ts'
import { pathOption } from './source-options.ts'

const text = (name: string) => ({ name, type: types.string, nullable: true })
const number = (name: string) => ({ name, type: types.int64, nullable: true })

/**
 * A row that failed. `code` is never null. `values` and `item` hold JSON: the row as it came to the operator, a property a column, and the value of
 * several made from it that failed. `text` is the text of a record that could not be read, `at` the place in the program.
 */
export const letterFields: Schema = [
  text('code'),
  text('message'),
  text('operator'),
  text('function'),
  text('at'),
  text('file'),
  number('line'),
  number('offset'),
  number('split'),
  number('row'),
  text('text'),
  text('values'),
  text('item'),
]

/**
 * The file of dead letters: JSON lines, one for each row that failed and was left out; what is not known of a row is not there. Parts of any number of
 * tasks become one file by one rename, which takes the place of the dead letters of an earlier run; there are none after a run that failed.
 */
export const deadLettersSink: SinkConnector = {
  kind: 'dead_letters',
  positional: 'path',
  isInternal: true,
  options: { path: pathOption },
  traits: { exactlyOnce: true, weights: false },
  singlePart: () => false,
  check(options, { host, cwd }) {
    const target = targetOf(options, cwd)
    writable(target.path, () => {
      const stat = host.disk.stat(target.path)
      if (stat !== undefined) checkExisting(target, stat, host)
      probe(target, host)
    })
  },
  open(options, context) {
    const part = openPart(options, context)
    const write = (line: string): void => part.write(Buffer.from(line), 1)
    return {
      write(batch) {
        for (let row = 0; row < batch.rowCount; row++) {
          const entries = letterFields.flatMap(({ name }, i) => {
            const value = valueAt(batch.columns[i], row)
            return value === null ? [] : [`"${name}":${name === 'values' || name === 'item' ? value : JSON.stringify(value)}`]
          })
          write(`{${entries.join(',')}}\n`)
        }
      },
      prepare: part.prepare,
      abort: part.abort,
    }
  },
  commit(options, parts, { host, cwd, runId }) {
    const target = targetOf(options, cwd)
    writable(target.path, () => joinParts(target, parts, runId, host.disk))
  },
  discard: (options, { host, cwd, runId }) => discardParts(targetOf(options, cwd), runId, host.disk),
}

const targetOf = (options: ConnectorOptions, cwd: string): SinkTarget => ({ ...sinkTarget(options, cwd), isFolder: false })

/** Every letter starts with its code: so a file of them can be told from others, which are never replaced. */
const signature = Buffer.from('{"code":"')

function checkExisting(target: SinkTarget, stat: FileStat, { disk }: Host): void {
  const { path } = target
  if (stat.isSpecial || stat.isDirectory)
    throw sinkError('SINK_UNWRITABLE', `'${path}' is ${stat.isDirectory ? 'a folder' : 'a pipe or a device'}, expected a file`)
  refuseLink(target, disk)
  if (stat.sizeBytes === 0) return
  const file = disk.openRead(path)
  try {
    const start = new Uint8Array(signature.length)
    if (file.read(start, 0, start.length, 0) === start.length && signature.equals(start)) return
  } finally {
    file.close()
  }
  throw sinkError('SINK_EXISTS', `'${path}' exists and holds no dead letters`, {
    hint: 'only dead letters of an earlier run are replaced: name another file, or remove it',
  })
}

/**
 * Goes on from wherever an earlier call stopped: parts are removed when the whole file has its name, and until then it can be made again.
 */
function joinParts(target: SinkTarget, parts: readonly StagedPart[], runId: string, disk: Disk): void {
  if (parts.every(({ path }) => disk.stat(path) !== undefined)) {
    const whole = join(dirname(target.path), `${target.prefix(runId)}whole`)
    // Where no row failed, no task has made it.
    disk.makeDirectory(target.folder)
    disk.remove(whole)
    const file = disk.create(whole)
    for (const { path } of parts) copyInto(file, path, disk)
    file.sync()
    file.close()
    disk.rename(whole, target.path)
    disk.syncDirectory(target.folder)
  } else if (disk.stat(target.path) === undefined)
    throw sinkError('SINK_UNWRITABLE', `what was staged for '${target.path}' is gone`, { hint: 'run again' })
  discardParts(target, runId, disk)
}

const copyBytes = 2 ** 20

function copyInto(file: ReturnType<Disk['create']>, path: string, disk: Disk): void {
  const source = disk.openRead(path)
  try {
    const bytes = new Uint8Array(copyBytes)
    for (let at = 0; ; ) {
      const read = source.read(bytes, 0, bytes.length, at)
      if (read === 0) return
      file.write(bytes.subarray(0, read))
      at += read
    }
  } finally {
    source.close()
  }
}
