import { createHash } from 'node:crypto'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { asMillraceError, bug, type MillraceError } from '../../base/errors.ts'
import type { RunMetrics } from '../../runtime/metrics.ts'
import { ownMark } from '../../runtime/process-life.ts'
import { actualsOf } from '../analysis/actuals.ts'
import { runsFolder } from '../identity.ts'
import type { Prepared } from '../prepare.ts'
import { type Program, projectRoot } from '../program.ts'
import type { InputFile, PastRun } from './past-run.ts'
import { givenNames, type Redaction, redactionOf } from './redact.ts'
import { prunePastRuns, readPastRun, writePastRun } from './store.ts'

/** The record of a run that goes on. */
export interface KeptRun {
  succeeded(metrics: RunMetrics, rowsOut: number): void
  /** @param metrics - of the tasks that were done; absent when none was begun. */
  failed(error: MillraceError, metrics: RunMetrics | undefined): void
  /** Why the record could not be written, if it could not: no reason for a run to fail. */
  readonly failure: MillraceError | undefined
}

/** Begins the record of a run, so that it is there even if the process is killed; a run that goes on keeps when it began. */
export function keepPastRun(prepared: Prepared, id: string): KeptRun {
  const { host, cwd, planned, choice, interrupted } = prepared
  const folder = runsFolder(cwd)
  const redaction = redactionOf(prepared.program)
  const startMs = host.clock.nowMs()
  const earlier = interrupted === undefined ? undefined : readPastRun(host.disk, folder, id)
  let failure: MillraceError | undefined
  let run = newPastRun(prepared, id, redaction, earlier)
  write()
  guarded(() => prunePastRuns(host.disk, folder))
  const end = (ended: Partial<PastRun>, metrics: RunMetrics | undefined): void => {
    const durationMs = (earlier?.durationMs ?? 0) + host.clock.nowMs() - startMs
    const actuals = metrics === undefined ? null : actualsOf(planned.physical, choice.backend, metrics, redaction)
    run = { ...run, ...ended, durationMs, rowsRead: metrics?.rowsRead ?? null, actuals }
    write()
  }
  return {
    succeeded: (metrics, rowsOut) => end({ status: 'succeeded', rowsOut }, metrics),
    failed: ({ code }, metrics) => end({ status: code === 'RUN_CANCELLED' ? 'stopped' : 'failed', code }, metrics),
    get failure() {
      return failure
    },
  }

  function write(): void {
    guarded(() => writePastRun(host.disk, folder, run))
  }

  function guarded(action: () => void): void {
    try {
      action()
    } catch (thrown) {
      failure ??= asMillraceError(thrown, (message, cause) => bug(message, { cause }))
    }
  }
}

function newPastRun(prepared: Prepared, id: string, redaction: Redaction, earlier: PastRun | undefined): PastRun {
  const { program, identity, planned, choice, memoryBytes, cwd, host } = prepared
  return {
    version: 1,
    id,
    program: programPath(program, cwd),
    params: givenNames(program),
    process: ownMark(),
    started: earlier?.started ?? new Date(host.clock.wallTimeUs() / 1000).toISOString(),
    durationMs: null,
    status: 'running',
    code: null,
    backend: choice.backend,
    mode: planned.physical.mode,
    workers: choice.workers,
    memoryBytes,
    sources: fromProject(cwd, { ...identity.modules, ...digestsOf(program) }),
    inputs: inputsOf(prepared, redaction),
    rowsRead: null,
    rowsOut: null,
    actuals: null,
  }
}

/** The same on every machine that has the project. */
export function programPath({ key }: Program, cwd: string): string {
  const [module, pipeline] = key.startsWith('file:') ? key.split('#') : [key]
  const file = module.startsWith('file:') ? fileURLToPath(module) : module
  const path = relative(projectRoot(cwd), file) || file
  return pipeline === undefined ? path : `${path}#${pipeline}`
}

const digestsOf = ({ plan }: Program): Record<string, string> =>
  Object.fromEntries(Object.entries(plan.sources).map(([file, text]) => [file, createHash('sha256').update(text).digest('hex')]))

function fromProject(cwd: string, digests: Readonly<Record<string, string>>): Record<string, string> {
  const root = projectRoot(cwd)
  const short = (path: string): string => relative(root, path.startsWith('file:') ? fileURLToPath(path) : path)
  return Object.fromEntries(Object.entries(digests).map(([path, digest]) => [short(path), digest]))
}

function inputsOf({ planned, cwd }: Prepared, redaction: Redaction): InputFile[] {
  const files = planned.optimised.nodes.flatMap((node) => (node.op === 'source' ? (node.described.files ?? []) : []))
  const short = (path: string): string => redaction.path(path.startsWith('/') ? relative(cwd, path) : path)
  const byPath = new Map(files.map(({ path, sizeBytes, mtimeMs }) => [path, { path: short(path), sizeBytes, mtimeMs }]))
  return [...byPath.values()]
}
