import { basename, dirname, extname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { MillraceError, planError, sinkError } from '../base/errors.ts'
import type { Disk, FileStat, Host } from '../base/host.ts'
import { type Schema, types } from '../data/type.ts'
import type { ConnectorOptions, OptionSpec } from './connector.ts'
import { absolutePath } from './files.ts'
import { textOption } from './source-options.ts'

/** What sinks to files have in common. */
export const sinkOptions: Readonly<Record<string, OptionSpec>> = {
  path: {
    type: types.string,
    summary:
      'File when it has an extension, else, or with a slash at its end, a folder of parts; relative to the working directory.',
  },
  mode: { type: types.string, values: ['error', 'overwrite'], summary: "What to do when the target exists. Default 'error'." },
}

/** Where a sink writes to. Staged names are hidden, lie beside the target so that a rename can move them, and hold the id of the run. */
export interface SinkTarget {
  path: string
  folder: string
  isFolder: boolean
  overwrite: boolean
  /** Start of the names of all that a run stages. */
  prefix(runId: string): string
  /** Name of the empty file that tells whether the disk can be written. */
  probe: string
}

export function sinkTarget(options: ConnectorOptions, cwd: string): SinkTarget {
  const given = textOption(options, 'path')
  if (given === '') throw sinkError('SINK_UNWRITABLE', "expected a path to write to, found ''")
  const path = absolutePath(cwd, given)
  const name = stagedName(basename(path))
  const prefix = (runId: string) => `.${name}.${runId}.`
  const overwrite = textOption(options, 'mode', 'error') === 'overwrite'
  const isFolder = extname(path) === '' || /[\\/]$/.test(given)
  return { path, folder: dirname(path), isFolder, overwrite, prefix, probe: `.${name}.probe` }
}

/** File systems take names of 255 bytes: what is put around a long one must not make it too long. */
const stagedName = (name: string): string => (Buffer.byteLength(name) <= 200 ? name : crc32(name).toString(16).padStart(8, '0'))

/** @throws {@link MillraceError} `SINK_EXISTS`, `SINK_UNWRITABLE`, `PLAN_DUPLICATE_COLUMN`. */
export function checkTarget(target: SinkTarget, host: Host, fields: Schema, extension: string): void {
  const names = fields.map((field) => field.name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) {
    throw planError('PLAN_DUPLICATE_COLUMN', `a file needs distinct columns, found '${twice}' twice`, {
      hint: `rename one, as in |> select ..., ${twice} as ${twice}_2`,
    })
  }
  writable(target.path, () => {
    const stat = host.disk.stat(target.path)
    if (stat !== undefined) checkExisting(target, stat, host.disk, extension)
    // The rename would put a file in the place of the link, not where it points to.
    else if (!target.overwrite && host.disk.isLink(target.path)) throw exists(target)
    probe(target, host)
  })
}

function checkExisting(target: SinkTarget, stat: FileStat, disk: Disk, extension: string): void {
  // A rename would put a file in the place of the device.
  if (stat.isSpecial) throw sinkError('SINK_UNWRITABLE', `'${target.path}' is a pipe or a device, expected a file or a folder`)
  if (!target.overwrite) throw exists(target)
  refuseLink(target, disk)
  const isFolder = stat.isDirectory
  if (isFolder !== target.isFolder) {
    const [wanted, found] = target.isFolder ? ['folder', 'file'] : ['file', 'folder']
    throw sinkError('SINK_EXISTS', `expected a ${wanted} at '${target.path}', found a ${found}`, {
      hint: 'remove it or write elsewhere',
    })
  }
  // Overwriting replaces the folder as a whole: it must hold nothing but what a sink wrote.
  const foreign = isFolder
    ? disk.list(target.path).find((name) => name !== '_SUCCESS' && !(name.startsWith('part-') && name.endsWith(`.${extension}`)))
    : undefined
  if (foreign !== undefined) {
    throw sinkError('SINK_EXISTS', `the folder '${target.path}' holds '${foreign}', which no sink wrote`, {
      hint: 'remove it or write elsewhere',
    })
  }
}

/** The rename would put a file in the place of the link and leave what it leads to as it was, perhaps on another disk. */
export function refuseLink({ path }: SinkTarget, disk: Disk): void {
  if (!disk.isLink(path)) return
  throw sinkError('SINK_EXISTS', `'${path}' is a link, which would be replaced and not what it leads to`, {
    hint: 'name what it leads to, or remove the link',
  })
}

export const exists = (target: SinkTarget): MillraceError =>
  sinkError('SINK_EXISTS', `the output '${target.path}' already exists`, { hint: "write mode => 'overwrite', or remove it" })

/**
 * Creates and removes a file in the nearest folder there is: permissions alone do not tell whether a disk can be written. Its name is always the same, so
 * that the next run removes what a killed one left.
 */
export function probe(target: Pick<SinkTarget, 'folder' | 'probe'>, { disk }: Host): void {
  let folder = target.folder
  while (disk.stat(folder) === undefined && dirname(folder) !== folder) folder = dirname(folder)
  const path = join(folder, target.probe)
  disk.remove(path)
  try {
    disk.create(path).close()
  } catch (thrown) {
    // Another process probes just now.
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown
  }
  disk.remove(path)
}

/** Runs a call on the disk; the disk's own errors become `SINK_UNWRITABLE`. */
export function writable<T>(path: string, call: () => T): T {
  try {
    return call()
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    throw sinkError('SINK_UNWRITABLE', `cannot write '${path}': ${writeErrors.get(code ?? '') ?? message}`, { file: path, cause })
  }
}

const writeErrors: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'no permission'],
  ['EPERM', 'no permission'],
  ['EROFS', 'the file system is read-only'],
  ['ENOTDIR', 'a part of the path is a file'],
  ['ENOENT', 'its folder takes no files'],
  ['EEXIST', 'a part of the path is a file'],
  ['ENAMETOOLONG', 'the name is too long'],
])
