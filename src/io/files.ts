import { isAbsolute, join, resolve } from 'node:path'
import { didYouMean } from '../base/did-you-mean.ts'
import { MillraceError, sourceError } from '../base/errors.ts'
import type { DiskFile, Host } from '../base/host.ts'
import type { Place } from '../base/place.ts'
import type { SourceFile, Split } from '../ir/logical.ts'
import { expandGlob, isGlob } from './glob.ts'

/** Where input files are looked for. */
export interface FileContext {
  host: Host
  cwd: string
  at?: Place
}

/**
 * The files that a source's path stands for, as they are now: one file, the files of a folder that do not start with `_` or `.`, or the matches
 * of a pattern with `*`, `**` and `{a,b}`. Sorted by the bytes of their paths; paths are absolute.
 *
 * @throws {@link MillraceError} `SOURCE_NOT_FOUND` when there is none, `SOURCE_UNREADABLE` when the disk refuses.
 */
export function findFiles(path: string, context: FileContext): readonly SourceFile[] {
  const { host, cwd, at } = context
  if (path === '') throw sourceError('SOURCE_NOT_FOUND', "expected a path to read, found ''", { at })
  const target = absolutePath(cwd, path)
  return readable(target, at, () => {
    const stat = host.disk.stat(target)
    // A file that is really called `a{b}.txt` is itself before it is a pattern.
    if (stat === undefined && !isGlob(path)) throw notFound(path, target, context)
    const paths = stat === undefined ? expandGlob(target, host.disk) : stat.isDirectory ? visibleFiles(target, host) : [target]
    const files = paths.flatMap((found) => describeFile(found, host))
    if (files.length > 0) return files.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
    const what = stat === undefined ? `no file matches '${path}'` : `the folder '${path}' has no files`
    throw sourceError('SOURCE_NOT_FOUND', what, { at, hint: `looked in the working directory ${cwd}` })
  })
}

/** Data paths start from the working directory. */
export function absolutePath(cwd: string, path: string): string {
  return isAbsolute(path) ? resolve(path) : resolve(cwd, path)
}

/** Bytes of all files. */
export function totalBytes(files: readonly SourceFile[]): number {
  return files.reduce((sum, file) => sum + file.sizeBytes, 0)
}

/**
 * As many as there are partitions by default. More would make combiners less useful: over a 200 MB text with 200,000 words, 64 splits leave
 * 17 % of the rows to exchange, 8 leave 6 %.
 */
const wantedSplits = 8
const minSplitBytes = 4 * 2 ** 20
const maxSplitBytes = 64 * 2 ** 20

/**
 * Cuts files into byte ranges of nearly equal length. Depends on sizes alone, never on workers, so that a run can be repeated elsewhere.
 * A file for which `canSplit` is false stays whole. An empty file has no split, but there is always one split.
 */
export function splitFiles(
  files: readonly SourceFile[],
  canSplit: (file: SourceFile, index: number) => boolean = () => true,
): readonly Split[] {
  const target = Math.min(Math.max(totalBytes(files) / wantedSplits, minSplitBytes), maxSplitBytes)
  const splits = files.flatMap((file, index) => {
    const count = canSplit(file, index) ? Math.ceil(file.sizeBytes / target) : Math.min(file.sizeBytes, 1)
    return Array.from({ length: count }, (_, i): Split => {
      const offset = Math.floor((file.sizeBytes * i) / count)
      return { file, offset, length: Math.floor((file.sizeBytes * (i + 1)) / count) - offset }
    })
  })
  return splits.length > 0 || files.length === 0 ? splits : [{ file: files[0], offset: 0, length: 0 }]
}

/** Opens a file that was described at bind. @throws {@link MillraceError} `SOURCE_CHANGED` when size or time of change differ from then. */
export function openSource(file: SourceFile, host: Host): DiskFile {
  return readable(file.path, undefined, () => {
    const stat = host.disk.stat(file.path)
    if (stat === undefined || stat.sizeBytes !== file.sizeBytes || stat.mtimeMs !== file.mtimeMs) {
      const how =
        stat === undefined
          ? 'was removed'
          : stat.sizeBytes !== file.sizeBytes
            ? `had ${file.sizeBytes} bytes, has ${stat.sizeBytes}`
            : 'was written again'
      throw sourceError('SOURCE_CHANGED', `the input '${file.path}' changed during the run: it ${how}`, {
        file: file.path,
        hint: 'run again when nothing writes to it',
      })
    }
    return host.disk.openRead(file.path)
  })
}

/** Reads at a position; the disk's own errors become `SOURCE_UNREADABLE`. */
export function readSource(file: DiskFile, target: Uint8Array, offset: number, length: number, position: number): number {
  return readable(file.path, undefined, () => file.read(target, offset, length, position))
}

function readable<T>(path: string, at: Place | undefined, call: () => T): T {
  try {
    return call()
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    throw sourceError('SOURCE_UNREADABLE', `cannot read '${path}': ${readErrors.get(code ?? '') ?? message}`, {
      at,
      file: path,
      cause,
    })
  }
}

const readErrors: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'no permission'],
  ['EPERM', 'no permission'],
  ['EISDIR', 'it is a folder'],
  ['ELOOP', 'its links go in a circle'],
])

function describeFile(path: string, host: Host): SourceFile[] {
  const stat = host.disk.stat(path)
  if (stat?.isSpecial === true) {
    // Its size tells nothing, it cannot be read twice, and opening it may wait for ever.
    throw sourceError('SOURCE_UNREADABLE', `'${path}' is a pipe or a device, expected a file`, {
      hint: 'write what it gives to a file first',
    })
  }
  return stat === undefined || stat.isDirectory ? [] : [{ path, sizeBytes: stat.sizeBytes, mtimeMs: stat.mtimeMs }]
}

const visibleFiles = (folder: string, host: Host): string[] =>
  host.disk
    .list(folder)
    .filter((name) => !/^[_.]/.test(name))
    .map((name) => join(folder, name))

function notFound(path: string, target: string, { host, cwd, at }: FileContext): MillraceError {
  const similar = similarName(target, host)
  const hint = `${similar === undefined ? '' : `did you mean '${similar}'? `}looked in the working directory ${cwd}`
  return sourceError('SOURCE_NOT_FOUND', `the file '${path}' does not exist`, { at, file: target, hint })
}

function similarName(target: string, host: Host): string | undefined {
  const folder = resolve(target, '..')
  if (host.disk.stat(folder)?.isDirectory !== true) return undefined
  return didYouMean(target.slice(folder.length).replace(/^[\\/]/, ''), host.disk.list(folder))
}
