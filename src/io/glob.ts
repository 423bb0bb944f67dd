import { join, parse, sep } from 'node:path'
import type { Disk } from '../base/host.ts'

/** Does the path hold a pattern: `*`, or alternatives in braces? */
export function isGlob(path: string): boolean {
  return path.includes('*') || /\{[^{}]*,[^{}]*\}/.test(path)
}

/**
 * Paths that match an absolute pattern. `*` is any run of characters within a name, `**` as a whole name is any number of folders,
 * `{a,b}` is a or b and may hold patterns. Names that start with a dot match only a pattern that starts with one; a folder matches only on the way.
 */
export function expandGlob(pattern: string, disk: Disk): string[] {
  const found = new Set<string>()
  for (const plain of expandBraces(pattern)) {
    const { root } = parse(plain)
    // Windows takes both separators; elsewhere a backslash is part of a name.
    const names = plain
      .slice(root.length)
      .split(sep === '\\' ? /[\\/]/ : '/')
      .filter((name) => name !== '')
    match(root === '' ? '.' : root, names, 0, disk, found)
  }
  return [...found]
}

function match(folder: string, names: readonly string[], index: number, disk: Disk, found: Set<string>): void {
  const name = names[index]
  const last = index === names.length - 1
  if (name === '**') {
    if (!last) match(folder, names, index + 1, disk, found)
    for (const { path, isDirectory } of entries(folder, (entry) => !entry.startsWith('.'), disk)) {
      if (isDirectory) match(path, names, index, disk, found)
      else if (last) found.add(path)
    }
    return
  }
  const wanted = name.includes('*') ? starMatcher(name) : undefined
  const matched = wanted === undefined ? existing(join(folder, name), disk) : entries(folder, wanted, disk)
  for (const { path, isDirectory } of matched) {
    if (last && !isDirectory) found.add(path)
    else if (!last && isDirectory) match(path, names, index + 1, disk, found)
  }
}

interface Entry {
  path: string
  isDirectory: boolean
}

function entries(folder: string, wanted: (name: string) => boolean, disk: Disk): Entry[] {
  return disk
    .list(folder)
    .filter(wanted)
    .flatMap((name) => existing(join(folder, name), disk))
}

function existing(path: string, disk: Disk): Entry[] {
  const stat = disk.stat(path)
  return stat === undefined ? [] : [{ path, isDirectory: stat.isDirectory }]
}

function starMatcher(pattern: string): (name: string) => boolean {
  const parts = pattern.split(/\*+/).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  const regex = new RegExp(`^${parts.join('.*')}$`, 'su')
  const hidden = pattern.startsWith('.')
  return (name) => (hidden || !name.startsWith('.')) && regex.test(name)
}

/** `a{b,c{d,e}}` → `ab`, `acd`, `ace`. Braces without a comma stand for themselves. */
function expandBraces(pattern: string): string[] {
  const innermost = /\{([^{}]*,[^{}]*)\}/.exec(pattern)
  if (innermost === null) return [pattern]
  const before = pattern.slice(0, innermost.index)
  const after = pattern.slice(innermost.index + innermost[0].length)
  return innermost[1].split(',').flatMap((part) => expandBraces(before + part + after))
}
