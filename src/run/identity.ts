import { join } from 'node:path'
import type { Value } from '../data/type.ts'
import { type Program, projectRoot } from './program.ts'

/** Folder of this project's runs: `.millrace/runs` beside the nearest package.json, else in the working directory. */
export const runsFolder = (cwd: string): string => join(projectRoot(cwd), '.millrace', 'runs')

/** What a worker finds the functions by, and what `--resume` must find again: the program and its parameters. */
export function identityOf(program: Program): Value {
  const params = [...program.params].map(([name, param]) => [name, 'text' in param ? param.text : String(param.value)])
  return { key: program.key, params, reference: (program.reference ?? null) as Value }
}
