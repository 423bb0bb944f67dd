import { formatBytes } from '../base/format-bytes.ts'
import type { SimulatedRun, SimulationReport } from '../run/simulate.ts'

/** What a simulation tells people: of one run all of it, of several the medians and what lies around them. */
export function simulationText(report: SimulationReport): string {
  const { program, cluster, runs } = report
  const many = runs.length > 1
  const seeds = many ? `seeds ${runs[0].seed} to ${runs[runs.length - 1].seed}` : `seed ${runs[0].seed}`
  const racks = cluster.racks === 1 ? '1 rack' : `${cluster.racks} racks`
  const head = `${program} on ${cluster.machines} machines in ${racks}, ${seeds}`
  const lines = many ? manyLines(runs) : [...stageTable(runs[0]), '', ...oneLines(runs[0])]
  return `${[head, '', ...lines].join('\n')}\n`
}

function stageTable({ stages }: SimulatedRun): string[] {
  const head = ['stage', 'tasks', 'start', 'first done', 'input there', 'done', 'operators']
  const rows = stages.map((stage) => [
    `${stage.stage}`,
    `${stage.tasks}`,
    seconds(stage.start),
    seconds(stage.firstDone),
    seconds(stage.received),
    seconds(stage.done),
    stage.operators,
  ])
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)))
  const last = head.length - 1
  return [head, ...rows].map((row) => row.map((cell, i) => (i === last ? cell : cell.padStart(widths[i]))).join('  '))
}

function oneLines(run: SimulatedRun): string[] {
  const { reads, bytes, peaks, tasks, messages, utilisation } = run
  const read = reads.local + reads.rack + reads.remote
  const share = (part: number): string => `${((100 * part) / read).toFixed(1)} %`
  const lines: [string, string][] = [
    ['start-up', seconds(run.stages[0]?.start ?? null)],
    ['total', `${seconds(run.totalSeconds)}${run.error === null ? '' : ', and failed'}`],
  ]
  if (read > 0)
    lines.push([
      'input',
      `${formatBytes(read)}: ${share(reads.local)} from own disks, ${share(reads.rack)} within the rack, ${share(reads.remote)} from others`,
    ])
  lines.push(['shuffle', formatBytes(bytes.shuffled)])
  lines.push(['output', formatBytes(bytes.written)])
  lines.push(['root switch', `${formatBytes(bytes.rootSwitch)}, at most ${formatBytes(peaks.rootSwitch)}/s`])
  const rates = `${formatBytes(peaks.input)}/s input, ${formatBytes(peaks.shuffle)}/s shuffle, ${formatBytes(peaks.output)}/s output`
  lines.push(['at most', rates])
  lines.push(['utilisation', `${Math.round(100 * utilisation)} %: workers with a task, from the first task to the last`])
  const backups =
    tasks.backups === 0
      ? 'no backups'
      : `${tasks.backups} ${tasks.backups === 1 ? 'backup' : 'backups'}, ${tasks.backupsWon} done first`
  lines.push(['tasks', `${tasks.started} started, ${tasks.retries} retries, ${tasks.remade} made again, ${backups}`])
  lines.push(['messages', `${messages.sent}${messages.bad === 0 ? '' : `, ${messages.bad} lost, torn, twice or late`}`])
  lines.push(['event log', run.eventLog])
  return aligned(lines)
}

function manyLines(runs: readonly SimulatedRun[]): string[] {
  const rows: [string, string][] = []
  const add = (name: string, value: (run: SimulatedRun) => number | null, show: (value: number) => string): void => {
    const values = runs.map(value).filter((each): each is number => each !== null)
    if (values.length === 0) return
    const sorted = values.toSorted((a, b) => a - b)
    const middle = (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
    rows.push([name, `${show(middle)}  (${show(sorted[0])} to ${show(sorted[sorted.length - 1])})`])
  }
  const inSeconds = (value: number): string => `${Math.round(value)} s`
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`
  add('start-up', ({ stages }) => stages[0]?.start ?? null, inSeconds)
  for (const [i, { stage }] of runs[0].stages.entries()) {
    add(`stage ${stage} first done`, ({ stages }) => stages[i].firstDone, inSeconds)
    add(`stage ${stage} input there`, ({ stages }) => stages[i].received, inSeconds)
    add(`stage ${stage} done`, ({ stages }) => stages[i].done, inSeconds)
  }
  add('total', ({ totalSeconds }) => totalSeconds, inSeconds)
  add('read from own disks', ({ reads }) => reads.localShare, percent)
  add('root switch', ({ bytes }) => bytes.rootSwitch, formatBytes)
  add('utilisation', ({ utilisation }) => utilisation, percent)
  add('retries', ({ tasks }) => tasks.retries, String)
  add('made again', ({ tasks }) => tasks.remade, String)
  add('backups', ({ tasks }) => tasks.backups, String)
  const failed = runs.filter(({ error }) => error !== null).length
  if (failed > 0) rows.push(['failed', `${failed} of ${runs.length}`])
  return ['medians (and the range) over the seeds', ...aligned(rows)]
}

function aligned(lines: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...lines.map(([name]) => name.length))
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}

const seconds = (value: number | null): string =>
  value === null ? '-' : `${value < 10 ? value.toFixed(1) : Math.round(value)} s`
