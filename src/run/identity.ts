import { join } from 'node:path'
import type { Value } from '../data/type.ts'
import { encodeData } from '../ir/serde.ts'
import { userModules } from './module-hooks.ts'
import { type Program, projectRoot } from './program.ts'

/** Folder of this project's runs: `.millrace/runs` beside the nearest package.json, else in the working directory. */
export const runsFolder = (cwd: string): string => join(projectRoot(cwd), '.millrace', 'runs')

/** What a worker finds the functions by, and what must be the same when an interrupted run is to go on. */
export interface ProgramIdentity {
  key: string
  params: Value
  reference: Value
  /** Digests of the user's modules by path: a function may call others that its own text does not show. */
  modules: Readonly<Record<string, string>>
}

export function identityOf(program: Program): ProgramIdentity {
  const params = [...program.params].map(([name, param]) => [name, 'text' in param ? param.text : String(param.value)])
  return { key: program.key, params, reference: (program.reference ?? null) as Value, modules: userModules() }
}

/** What the program says otherwise than when the interrupted run began, in words. */
export function programDifference(earlier: ProgramIdentity, now: ProgramIdentity): string | undefined {
  // A module that is new or gone shows in the one that imports it.
  for (const [path, digest] of Object.entries(now.modules)) {
    if (Object.hasOwn(earlier.modules, path) && earlier.modules[path] !== digest) return `'${path}' was changed since`
  }
  return encodeData(earlier.reference) === encodeData(now.reference) ? undefined : 'the program builds another plan now'
}

/** Is that a run of the same program file or pipeline with the same parameters? What the program says may have changed since. */
export function isSameRun(one: ProgramIdentity, other: ProgramIdentity): boolean {
  return one.key === other.key && encodeData(one.params) === encodeData(other.params)
}
