import { formatBytes } from '../../base/format-bytes.ts'
import { count, listWords, wrap } from '../../planner/explain/layout.ts'
import type { OperatorActuals } from '../analysis/actuals.ts'
import { formatMs, shortened } from '../analysis/figures.ts'
import { alignedLines, statusText } from './list.ts'
import type { InputFile, PastRun } from './past-run.ts'
import { statusOf } from './store.ts'

/** One figure of both runs; null where it is not known. */
export interface FigureChange {
  name: string
  unit: 'ms' | 'rows' | 'bytes' | ''
  a: number | null
  b: number | null
}

/** What is otherwise in run `b` than in run `a`. */
export interface RunDiff {
  a: string
  b: string
  program: { isSame: boolean; changed: readonly string[]; added: readonly string[]; removed: readonly string[] }
  /** Operators by what they do. */
  plan: { isSame: boolean; isKnown: boolean; onlyInA: readonly string[]; onlyInB: readonly string[] }
  inputs: {
    isSame: boolean
    changed: readonly { path: string; a: InputFile; b: InputFile }[]
    added: readonly string[]
    removed: readonly string[]
  }
  settings: readonly { name: string; a: string; b: string }[]
  figures: readonly FigureChange[]
}

export function diffRuns(a: PastRun, b: PastRun): RunDiff {
  return {
    a: a.id,
    b: b.id,
    program: programDiff(a, b),
    plan: planDiff(a, b),
    inputs: inputDiff(a, b),
    settings: settingsDiff(a, b),
    figures: figuresOf(a, b),
  }
}

/** A diff in sentences and a table. */
export function diffText(a: PastRun, b: PastRun, diff: RunDiff = diffRuns(a, b)): string {
  const sentences = [
    ...programText(a, b, diff),
    ...planText(diff),
    ...inputText(diff),
    ...settingsText(diff),
    ...slower(a, b, diff),
  ]
  const table = alignedLines(
    [
      ['', a.id, b.id, 'change'],
      ...diff.figures.map((figure) => [figure.name, shown(figure, figure.a), shown(figure, figure.b), change(figure)]),
    ],
    [1, 2, 3],
  )
  return `${[...sentences.flatMap((sentence) => wrap(sentence, '', '  ')), '', ...table].join('\n')}\n`
}

function programDiff(a: PastRun, b: PastRun): RunDiff['program'] {
  const changed = Object.keys(a.sources).filter((path) => path in b.sources && a.sources[path] !== b.sources[path])
  const { added, removed } = names(Object.keys(a.sources), Object.keys(b.sources))
  const isSame = a.program === b.program && changed.length + added.length + removed.length === 0
  return { isSame, changed, added, removed }
}

function planDiff(a: PastRun, b: PastRun): RunDiff['plan'] {
  const [inA, inB] = [planOf(a), planOf(b)]
  const { added, removed } = names(inA, inB)
  const isKnown = a.actuals !== null && b.actuals !== null
  return { isSame: isKnown && inA.join('\n') === inB.join('\n'), isKnown, onlyInA: removed, onlyInB: added }
}

const planOf = ({ actuals }: PastRun): string[] =>
  (actuals?.stages ?? []).flatMap(({ operators }) => operators.map(({ does }) => does))

function inputDiff(a: PastRun, b: PastRun): RunDiff['inputs'] {
  const before = new Map(a.inputs.map((file) => [file.path, file]))
  const changed = b.inputs.flatMap((file) => {
    const earlier = before.get(file.path)
    const isSame = earlier === undefined || (earlier.sizeBytes === file.sizeBytes && earlier.mtimeMs === file.mtimeMs)
    return isSame ? [] : [{ path: file.path, a: earlier, b: file }]
  })
  const { added, removed } = names(
    [...before.keys()],
    b.inputs.map(({ path }) => path),
  )
  return { isSame: changed.length + added.length + removed.length === 0, changed, added, removed }
}

function names(a: readonly string[], b: readonly string[]): { added: string[]; removed: string[] } {
  const [inA, inB] = [new Set(a), new Set(b)]
  return { added: [...inB].filter((name) => !inA.has(name)), removed: [...inA].filter((name) => !inB.has(name)) }
}

function settingsDiff(a: PastRun, b: PastRun): RunDiff['settings'] {
  const settings = (run: PastRun): [string, string][] => [
    ['backend', run.backend],
    ['mode', run.mode],
    ['workers', String(run.workers)],
    ['memory', formatBytes(run.memoryBytes)],
    ['parameters', run.params.join(', ') || 'none'],
    ['end', statusText({ status: statusOf(run), code: run.code })],
  ]
  const inB = settings(b)
  return settings(a).flatMap(([name, value], i) => (value === inB[i][1] ? [] : [{ name, a: value, b: inB[i][1] }]))
}

function figuresOf(a: PastRun, b: PastRun): FigureChange[] {
  const figure = (name: string, unit: FigureChange['unit'], of: (run: PastRun) => number | null | undefined): FigureChange => ({
    name,
    unit,
    a: of(a) ?? null,
    b: of(b) ?? null,
  })
  const stages = planDiff(a, b).isSame ? (a.actuals?.stages ?? []) : []
  return [
    figure('duration', 'ms', (run) => run.durationMs),
    figure('CPU of tasks', 'ms', ({ actuals }) => actuals?.cpuMs),
    figure('rows read', 'rows', (run) => run.rowsRead),
    figure('bytes read', 'bytes', ({ actuals }) => actuals?.bytesRead),
    figure('rows out', 'rows', (run) => run.rowsOut),
    figure('spilled', 'bytes', ({ actuals }) => actuals?.spilledBytes),
    figure('peak memory', 'bytes', ({ actuals }) => actuals?.peakMemoryBytes),
    figure('tasks', '', ({ actuals }) => actuals?.tasks),
    figure('retries', '', ({ actuals }) => actuals?.retries),
    ...stages.map((_, i) => figure(`time of stage ${i}`, 'ms', ({ actuals }) => actuals?.stages[i].busyMs)),
  ]
}

const quoted = (texts: readonly string[]): string => listWords(texts.slice(0, 4).map((text) => `"${shortened(text)}"`))
const more = (texts: readonly string[]): string => (texts.length > 4 ? `, and ${texts.length - 4} more` : '')

function programText(a: PastRun, b: PastRun, { program, plan, inputs }: RunDiff): string[] {
  if (program.isSame && plan.isSame && inputs.isSame) return ['The program, its plan and its inputs are the same.']
  if (a.program !== b.program) return [`They are runs of two programs, ${a.program} and ${b.program}.`]
  if (program.isSame) return [`${a.program} is the same.`]
  const parts = [
    ...(program.changed.length > 0
      ? [`${listWords(program.changed)} ${program.changed.length === 1 ? 'was' : 'were'} changed`]
      : []),
    ...(program.added.length > 0 ? [`${listWords(program.added)} came`] : []),
    ...(program.removed.length > 0 ? [`${listWords(program.removed)} went`] : []),
  ]
  return [`${listWords(parts)}.`]
}

function planText({ program, plan, inputs }: RunDiff): string[] {
  if (program.isSame && plan.isSame && inputs.isSame) return []
  if (!plan.isKnown) return ['What the plans were is not known of both.']
  if (plan.isSame) return ['The plan is the same.']
  const parts = [
    ...(plan.onlyInA.length > 0 ? [`only in the first are ${quoted(plan.onlyInA)}${more(plan.onlyInA)}`] : []),
    ...(plan.onlyInB.length > 0 ? [`only in the second are ${quoted(plan.onlyInB)}${more(plan.onlyInB)}`] : []),
  ]
  return [`The plan is another one${parts.length === 0 ? ', of the same operators' : `: ${parts.join('; ')}`}.`]
}

function inputText({ program, plan, inputs }: RunDiff): string[] {
  if (inputs.isSame) return program.isSame && plan.isSame ? [] : ['The inputs are the same.']
  const changed = inputs.changed.map(({ path, a, b }) => {
    const by = b.sizeBytes - a.sizeBytes
    if (by === 0) return `${path} was written anew, of the same size`
    return `${path} has ${formatBytes(Math.abs(by))} ${by > 0 ? 'more' : 'less'}`
  })
  const parts = [
    ...changed.slice(0, 4),
    ...(changed.length > 4 ? [`${changed.length - 4} more files changed`] : []),
    ...(inputs.added.length > 0
      ? [`${count(inputs.added.length, 'file')} came (${listWords(inputs.added.slice(0, 4))}${more(inputs.added)})`]
      : []),
    ...(inputs.removed.length > 0
      ? [`${count(inputs.removed.length, 'file')} went (${listWords(inputs.removed.slice(0, 4))}${more(inputs.removed)})`]
      : []),
  ]
  return [`Inputs: ${parts.join('; ')}.`]
}

function settingsText({ settings, figures }: RunDiff): string[] {
  const rows = figures.filter(({ unit, a, b }) => unit === 'rows' && a !== null && b !== null && a !== b)
  return [
    ...settings.map(({ name, a, b }) => `Its ${name}: ${a}, then ${b}.`),
    ...rows.map(({ name, a, b }) => `${number(a)} ${name}, then ${number(b)}.`),
  ]
}

/** Names the operator that the time went to or was saved at, where the plans are the same and the difference is worth a word. */
function slower(a: PastRun, b: PastRun, { plan }: RunDiff): string[] {
  if (a.durationMs === null || b.durationMs === null) return []
  const by = b.durationMs - a.durationMs
  if (Math.abs(by) < 0.1 * a.durationMs) return ['They took about the same time.']
  const first = `The second took ${formatMs(Math.abs(by))} ${by > 0 ? 'more' : 'less'}`
  if (!plan.isSame) return [`${first}.`]
  const [inA, inB] = [operatorsOf(a), operatorsOf(b)]
  const changes = inA.map((one, i) => ({ one, by: inB[i].busyMs - one.busyMs }))
  const most = changes.reduce((best, each) => (each.by * by > best.by * by ? each : best))
  if (most.by * by <= 0) return [`${first}.`]
  return [
    `${first}, most of it in "${shortened(most.one.does)}": ${formatMs(most.one.busyMs)}, then ${formatMs(most.one.busyMs + most.by)}.`,
  ]
}

const operatorsOf = ({ actuals }: PastRun): OperatorActuals[] => (actuals?.stages ?? []).flatMap(({ operators }) => operators)

const number = (value: number | null): string => (value === null ? '' : value.toLocaleString('en-US'))

function shown({ unit }: FigureChange, value: number | null): string {
  if (value === null) return ''
  return unit === 'ms' ? formatMs(value) : unit === 'bytes' ? formatBytes(value) : number(value)
}

function change({ a, b }: FigureChange): string {
  if (a === null || b === null || a === b) return ''
  if (a === 0) return 'new'
  const percent = Math.round((b / a - 1) * 100)
  return `${percent > 0 ? '+' : ''}${percent} %`
}
