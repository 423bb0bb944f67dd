import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import type { Host } from '../base/host.ts'
import type { Value } from '../data/type.ts'
import { encodeData } from '../ir/serde.ts'
import { userModules } from './module-hooks.ts'
import { type Program, projectRoot } from './program.ts'

/** Folder of this project's runs: `.millrace/runs` beside the nearest package.json, else in the working directory. */
export const runsFolder = (cwd: string): string => join(projectRoot(cwd), '.millrace', 'runs')

/** What must be the same when an interrupted run is to go on. */
export interface ProgramIdentity {
  key: string
  params: Value
  reference: Value
  /** Digests of the user's modules by path: a function may call others that its own text does not show. */
  modules: Readonly<Record<string, string>>
}

export function identityOf(program: Program): ProgramIdentity {
  return { key: program.key, params: program.given, reference: (program.reference ?? null) as Value, modules: userModules() }
}

/**
 * An identity as a journal holds it. Values of parameters may be secrets, and all that is ever asked of them is whether they are equal: so there are
 * only digests of them, under a salt of the run's own.
 */
export interface StoredIdentity {
  key: string
  salt: string
  params: string
  /** Of the reference, which holds the parameters, too. */
  reference: string
  modules: Readonly<Record<string, string>>
}

export function storedIdentity({ key, params, reference, modules }: ProgramIdentity, host: Host): StoredIdentity {
  const salt = Array.from({ length: 4 }, () => host.random.uint32().toString(16).padStart(8, '0')).join('')
  return { key, salt, params: digest(salt, params), reference: digest(salt, reference), modules }
}

const digest = (salt: string, data: Value): string => createHmac('sha256', salt).update(encodeData(data)).digest('hex')

/** What the program says otherwise than when the interrupted run began, in words. */
export function programDifference(earlier: StoredIdentity, now: ProgramIdentity): string | undefined {
  // A module that is new or gone shows in the one that imports it.
  for (const [path, text] of Object.entries(now.modules)) {
    if (Object.hasOwn(earlier.modules, path) && earlier.modules[path] !== text) return `'${path}' was changed since`
  }
  return earlier.reference === digest(earlier.salt, now.reference) ? undefined : 'the program builds another plan now'
}

/** Is that a run of the same program file or pipeline with the same parameters? What the program says may have changed since. */
export function isSameRun(earlier: StoredIdentity, now: ProgramIdentity): boolean {
  return earlier.key === now.key && earlier.params === digest(earlier.salt, now.params)
}
