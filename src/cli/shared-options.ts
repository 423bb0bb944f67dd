import { statSync } from 'node:fs'
import { usageError } from '../base/errors.ts'
import type { GivenParam } from '../dsl/bind/context.ts'
import type { RunOptions } from '../run/options.ts'

/** What commander hands to a command that plans. */
export interface PlanFlags {
  param?: ReadonlyMap<string, string>
  backend: 'auto' | 'inline' | 'threads'
  isolation?: 'thread' | 'process'
  workers?: number
  mode: NonNullable<RunOptions['mode']>
  memory?: number
  disk?: number
  cwd?: string
  onError?: RunOptions['onError']
  deadLetters?: string
  maxErrors?: number
  disableRule?: readonly string[]
  checkPlans?: boolean
}
export interface RowFlags {
  format: 'table' | 'csv' | 'json' | 'jsonl'
  output?: string
  sorted?: boolean
  rows: number
  quiet?: boolean
}

export function runOptionsOf(flags: PlanFlags): RunOptions {
  const { backend, isolation, workers, mode, memory, disk, cwd, onError, deadLetters, maxErrors, disableRule, checkPlans } = flags
  checkedFolder(cwd)
  if (backend === 'inline' && workers !== undefined && workers > 1) {
    throw usageError('USAGE_ARGUMENT', `--backend inline runs in one thread, and --workers asks for ${workers}`, {
      hint: 'leave out one of them',
    })
  }
  if (isolation === 'process' && backend !== 'auto') {
    throw usageError('USAGE_ARGUMENT', `--backend ${backend} runs in this process, and --isolation asks for processes`, {
      hint: 'leave out one of them',
    })
  }
  const failing = { onError, deadLetters, maxErrors }
  return {
    backend,
    isolation,
    workers,
    mode,
    memoryBytes: memory,
    diskBytes: disk,
    cwd,
    ...failing,
    disabledRules: disableRule,
    checkPlans,
  }
}

/** The folder of `--cwd`, if it was given. */
export function checkedFolder(cwd: string | undefined): string | undefined {
  if (cwd !== undefined && statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw usageError('USAGE_ARGUMENT', `--cwd takes a folder, and there is none at '${cwd}'`)
  }
  return cwd
}

export const paramsOf = (flags: Pick<PlanFlags, 'param'>): ReadonlyMap<string, GivenParam> =>
  new Map([...(flags.param ?? [])].map(([name, text]) => [name, { text }]))
