import { formatBytes } from '../../base/format-bytes.ts'
import type { Estimate, PhysicalNode, PhysicalPlan } from '../../ir/physical.ts'
import { pathOf } from '../describe.ts'
import type { Firing, PlannedProgram } from '../options.ts'
import { baseName, type ExplainContext, shortPlace } from './context.ts'
import { count, formatRows, listWords, wrap } from './layout.ts'
import { describeExchange, describeOperator, describeTasks } from './stage-text.ts'
import { planTree } from './tree.ts'

/**
 * The plan of a program in words, at most 80 columns wide: what it does, what each rule changed and why, stages, exchanges with the
 * reason for their mode, and what did not happen.
 *
 * @param context.costs - with estimates; without them the text depends on the program and the number of splits alone.
 */
export function explainText(planned: PlannedProgram, context: ExplainContext & { costs: boolean; analysed?: Analysed }): string {
  const { physical, optimised } = planned
  const sections = [
    headline(planned, context),
    section('What happened', context.analysed?.findings ?? []),
    section(`The plan${planned.firings.length > 0 ? ', after the rules' : ''}`, planTree(optimised)),
    section('What the rules did', ruleLines(planned)),
    section('Stages', context.analysed?.stages ?? stageLines(physical, context.costs)),
    section('Exchanges', exchangeLines(physical, context.costs)),
    section('Rules that did not fire', skippedLines(planned)),
    section('Warnings', warningLines(planned)),
  ]
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

/** What a caller that ran the program can tell of it, in lines. */
interface Analysed {
  findings: readonly string[]
  /** Instead of the stages as they were planned. */
  stages: readonly string[]
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines]
}

function headline({ physical, optimised, mscrs, firings }: PlannedProgram, context: ExplainContext): string[] {
  const inputs = optimised.nodes.flatMap((node) => (node.op === 'source' ? [nameOf(node.connector, node.options)] : []))
  const reads = inputs.length === 0 ? 'reads no file' : `reads ${listWords([...new Set(inputs)])}`
  const groups =
    mscrs.length === 0 ? 'moves no rows by key' : mscrs.length === 1 ? 'groups rows once' : `groups rows ${mscrs.length} times`
  const ends = [
    ...(physical.outputs.length > 0 ? [count(physical.outputs.length, 'result')] : []),
    ...physical.sinks.slice(0, physical.onError?.sink).map((sink) => nameOf(sink.connector, sink.options)),
  ]
  const changed = firings.length === 0 ? 'no rule had anything to change' : `rules changed it ${count(firings.length, 'time')}`
  return [
    ...wrap(`${baseName(context.program)} ${reads}, ${groups}, and makes ${listWords(ends)}.`, '', ''),
    ...wrap(
      `It became ${count(physical.stages.length, 'stage')} with ${count(physical.exchanges.length, 'exchange')}; ${changed}.`,
      '',
      '',
    ),
    ...wrap(`It runs ${context.backendReason}.`, '', ''),
    ...wrap(`Its mode is ${physical.modeReason}.`, '', ''),
    ...(physical.onError === undefined ? [] : wrap(onErrorSentence(physical), '', '')),
  ]
}

function onErrorSentence({ onError, sinks }: PhysicalPlan): string {
  if (onError === undefined) return ''
  const { policy, maxErrors, sink } = onError
  const skipped = `${policy === 'fail' ? 'Bad records of some sources' : 'Rows that fail'} are skipped`
  const most = maxErrors === undefined ? '' : `, at most ${maxErrors} of them`
  return `${skipped}${most}${sink === undefined ? '' : `, and written to ${nameOf(sinks[sink].connector, sinks[sink].options)}`}.`
}

function nameOf(connector: string, options: unknown): string {
  const path = pathOf(options)
  return path === undefined ? connector : `'${path}'`
}

/** Repetitions beyond this are counted, not shown. */
const shownFirings = 5

function ruleLines({ firings }: PlannedProgram): string[] {
  const lines: string[] = []
  for (const group of new Set(firings.map((firing) => firing.group))) {
    lines.push(`  ${group}`)
    const members = firings.filter((firing) => firing.group === group)
    for (const rule of new Set(members.map((firing) => firing.rule))) {
      const same = members.filter((firing) => firing.rule === rule)
      for (const firing of same.slice(0, shownFirings)) lines.push(...firingLines(firing))
      if (same.length > shownFirings) lines.push(`    ${rule}: ${same.length - shownFirings} more of this kind`)
    }
  }
  return lines
}

function firingLines(firing: Firing): string[] {
  const place = shortPlace(firing.at)
  return wrap(`${firing.rule}${place === undefined ? '' : ` (${place})`}: ${firing.reason}`, '    ', '      ')
}

function stageLines(plan: PhysicalPlan, costs: boolean): string[] {
  const lines: string[] = []
  for (const region of plan.regions) {
    if (plan.regions.length > 1) {
      lines.push(
        ...wrap(
          `region ${region.id}${region.stages.length > 1 ? `: stages ${region.stages.join(', ')} run together` : ''}`,
          '  ',
          '  ',
        ),
      )
    }
    for (const id of region.stages) {
      const stage = plan.stages.find((candidate) => candidate.id === id)!
      lines.push(`  stage ${stage.id}: ${describeTasks(stage, plan)}`)
      for (const node of stage.nodes) lines.push(...operatorLines(describeOperator(node, stage), node, costs))
    }
  }
  return [...lines, ...tierLines(plan)]
}

function operatorLines(text: string, node: PhysicalNode, costs: boolean): string[] {
  const tier = node.operator === 'segment' || node.operator === 'aggregate' || node.operator === 'join' ? ` [${node.tier}]` : ''
  const estimate = costs ? estimateText(node.properties) : ''
  return wrap(`${text}${tier}${estimate === '' || node.operator === 'send' ? '' : ` (${estimate})`}`, '    ', '      ')
}

/** Says what the marks of this plan mean, and those only. */
function tierLines(plan: PhysicalPlan): string[] {
  const meanings = {
    A: 'generated loops over typed arrays',
    'A*': 'a function is evaluated row by row',
    B: 'calls user functions',
  }
  const used = new Set(
    plan.stages.flatMap((stage) =>
      stage.nodes
        .filter(({ operator }) => operator === 'segment' || operator === 'aggregate' || operator === 'join')
        .map((node) => node.tier),
    ),
  )
  const texts = (['A', 'A*', 'B'] as const).filter((tier) => used.has(tier)).map((tier) => `[${tier}] ${meanings[tier]}`)
  return texts.length === 0 ? [] : wrap(texts.join(', '), '  ', '  ')
}

/** What was estimated, in words; empty where nothing is known. */
export function estimateText({ rows, bytes }: { rows?: Estimate; bytes?: Estimate }): string {
  const known = [
    ...(rows === undefined ? [] : [formatRows(rows.value)]),
    ...(bytes === undefined ? [] : [formatBytes(bytes.value)]),
  ]
  const guess = (rows ?? bytes)?.from === 'default'
  return known.length === 0 ? '' : `${guess ? 'perhaps' : 'about'} ${known.join(', ')}`
}

function exchangeLines(plan: PhysicalPlan, costs: boolean): string[] {
  return plan.exchanges.flatMap((exchange) => {
    const receive = plan.stages[exchange.to].nodes.find((node) => node.id === exchange.input)
    const estimate = costs && receive !== undefined ? estimateText(receive.properties) : ''
    return wrap(`${describeExchange(exchange)}${estimate === '' ? '' : ` (${estimate})`}`, '  ', '    ')
  })
}

function skippedLines({ skipped }: PlannedProgram): string[] {
  return skipped.flatMap(({ rule, at, reason }) => {
    const place = shortPlace(at)
    return wrap(`${rule}${place === undefined ? '' : ` (${place})`}: ${reason}`, '  ', '    ')
  })
}

function warningLines({ warnings }: PlannedProgram): string[] {
  return warnings.flatMap(({ code, at, message }) => {
    const place = shortPlace(at)
    return wrap(`${code}${place === undefined ? '' : ` (${place})`}: ${message}`, '  ', '    ')
  })
}
