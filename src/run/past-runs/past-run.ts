import type { ProcessMark } from '../../runtime/process-life.ts'
import type { Actuals } from '../analysis/actuals.ts'

/** How a run stands. `killed`: its process is gone and has not said how it ended. */
export type RunStatus = 'running' | 'succeeded' | 'failed' | 'stopped' | 'killed'

/** What is known of a file that a run read. */
export interface InputFile {
  path: string
  sizeBytes: number
  mtimeMs: number
}

/**
 * What stays of a run, in `.millrace/runs/ID.json`, plain data. No rows, no values of parameters and no messages: a place where a parameter's value stood in
 * a path or a number has its name instead, and where a program has parameters its constants are not told.
 */
export interface PastRun {
  version: 1
  id: string
  /** Path of the program, from the project's folder; of a pipeline with its name. */
  program: string
  /** Names of parameters that were given. */
  params: readonly string[]
  /** The process that has or had the run. */
  process: ProcessMark
  /** ISO 8601, UTC; of a run that was resumed that of its first process. */
  started: string
  /** Without the time between processes. */
  durationMs: number | null
  status: Exclude<RunStatus, 'killed'>
  /** Of the error that ended it. */
  code: string | null
  backend: string
  mode: string
  workers: number
  memoryBytes: number
  /** SHA-256 of the program's files and of the modules it imports, by path. */
  sources: Readonly<Record<string, string>>
  inputs: readonly InputFile[]
  rowsRead: number | null
  rowsOut: number | null
  /** Also of a run that failed: of the tasks that were done. */
  actuals: Actuals | null
}
