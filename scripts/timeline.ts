import { readFileSync, writeFileSync } from 'node:fs'
import type { RunNotice } from '../src/runtime/metrics/notices.ts'

// Draws what a run did: node scripts/timeline.ts EVENTS.jsonl OUT.svg, where EVENTS.jsonl is of `millrace run --events`.

interface Bar {
  lane: number
  stage: number
  task: number
  attempt: number
  fromMs: number
  toMs: number
  end: 'done' | 'failed' | 'lost' | 'cancelled'
}
interface Mark {
  atMs: number
  text: string
}

const width = 900
const left = 110
const right = 40
const barHeight = 14
const gap = 3
const top = 34
const colors = ['#4e79a7', '#59a14f', '#b07aa1', '#edc948', '#76b7b2', '#9c755f']

const [eventsPath, svgPath] = process.argv.slice(2)
if (svgPath === undefined) throw new Error('usage: node scripts/timeline.ts EVENTS.jsonl OUT.svg')
const notices = readFileSync(eventsPath, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as RunNotice)
writeFileSync(svgPath, draw(...read(notices)))

/** Attempts as bars, one lane a worker; what happened beside them as marks. */
function read(all: readonly RunNotice[]): [Bar[], Mark[], string[]] {
  const open = new Map<string, Bar>()
  const bars: Bar[] = []
  const marks: Mark[] = []
  const lanes: string[] = []
  const laneOf = (worker: number | null): number => {
    const name = worker === null ? 'coordinator' : `worker ${worker}`
    if (!lanes.includes(name)) lanes.push(name)
    return lanes.indexOf(name)
  }
  const close = (key: string, atMs: number, end: Bar['end']): void => {
    const bar = open.get(key)
    if (bar === undefined) return
    open.delete(key)
    bars.push({ ...bar, toMs: atMs, end })
  }
  for (const notice of all) {
    const { atMs } = notice
    if (notice.event === 'taskStarted') {
      const { stage, task, attempt, worker } = notice
      open.set(`${stage}/${task}/${attempt}`, {
        lane: laneOf(worker),
        stage,
        task,
        attempt,
        fromMs: atMs,
        toMs: atMs,
        end: 'lost',
      })
    } else if (notice.event === 'taskEnded') close(keyOf(notice), atMs, 'done')
    else if (notice.event === 'taskFailed') close(keyOf(notice), atMs, 'failed')
    else if (notice.event === 'taskCancelled') close(keyOf(notice), atMs, 'cancelled')
    else if (notice.event === 'workerLost') {
      const lane = laneOf(notice.worker)
      for (const [key, bar] of [...open]) if (bar.lane === lane) close(key, atMs, 'lost')
      marks.push({ atMs, text: `worker ${notice.worker} lost` })
    } else if (notice.event === 'commit') marks.push({ atMs, text: 'commit' })
  }
  const lastMs = all.at(-1)?.atMs ?? 0
  for (const key of [...open.keys()]) close(key, lastMs, 'lost')
  return [bars, marks, lanes]
}

function keyOf({ stage, task, attempt }: { stage: number; task: number; attempt: number }): string {
  return `${stage}/${task}/${attempt}`
}

function draw(bars: readonly Bar[], marks: readonly Mark[], names: readonly string[]): string {
  const endMs = Math.max(1, ...bars.map(({ toMs }) => toMs), ...marks.map(({ atMs }) => atMs))
  const x = (ms: number): number => left + (ms / endMs) * (width - left - right)
  const parts: string[] = []
  let y = top
  for (const name of [...names].sort(byWorker)) {
    const rows = rowsOf(bars.filter(({ lane }) => names[lane] === name))
    const height = rows.length * (barHeight + gap) + 2 * gap
    parts.push(`<text x="8" y="${y + height / 2 + 4}">${name}</text>`)
    for (const [row, some] of rows.entries()) {
      for (const bar of some) parts.push(drawBar(bar, x, y + gap + row * (barHeight + gap)))
    }
    y += height
    parts.push(`<line x1="${left}" y1="${y}" x2="${width - right}" y2="${y}" stroke="#ddd"/>`)
  }
  for (const { atMs, text } of marks) {
    const at = x(atMs).toFixed(1)
    parts.push(`<line x1="${at}" y1="${top - 6}" x2="${at}" y2="${y}" stroke="#c00" stroke-dasharray="3 3"/>`)
    parts.push(`<text x="${at}" y="${top - 12}" text-anchor="middle" fill="#c00">${text}</text>`)
  }
  for (let tick = 0; tick <= 4; tick++) {
    const ms = (endMs * tick) / 4
    parts.push(`<text x="${x(ms).toFixed(1)}" y="${y + 18}" text-anchor="middle" fill="#666">${(ms / 1000).toFixed(2)} s</text>`)
  }
  const height = y + 28
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<title>Attempts of the tasks of a run over time, a lane for each worker</title>
<rect width="${width}" height="${height}" fill="white"/>
${parts.join('\n')}
</svg>
`
}

/** Workers by number, the coordinator last. */
function byWorker(a: string, b: string): number {
  return Number(a === 'coordinator') - Number(b === 'coordinator') || a.localeCompare(b, 'en', { numeric: true })
}

/** Attempts that run at the same time lie above each other. */
function rowsOf(bars: readonly Bar[]): Bar[][] {
  const rows: Bar[][] = []
  for (const bar of [...bars].sort((a, b) => a.fromMs - b.fromMs)) {
    const free = rows.find((row) => (row.at(-1)?.toMs ?? 0) <= bar.fromMs)
    if (free === undefined) rows.push([bar])
    else free.push(bar)
  }
  return rows
}

function drawBar({ stage, task, attempt, fromMs, toMs, end }: Bar, x: (ms: number) => number, y: number): string {
  const from = x(fromMs)
  const long = Math.max(2, x(toMs) - from)
  const color = colors[stage % colors.length]
  const edge = end === 'cancelled' ? '#999' : '#c00'
  const look = end === 'done' ? `fill="${color}"` : `fill="white" stroke="${edge}" stroke-width="1.5"`
  const label = `${stage}.${task}${attempt % 1000 > 1 ? `#${attempt}` : ''}`
  const text =
    long > 24
      ? `<text x="${(from + 3).toFixed(1)}" y="${y + 11}" font-size="10" fill="${end === 'done' ? 'white' : edge}">${label}</text>`
      : ''
  return `<rect x="${from.toFixed(1)}" y="${y}" width="${long.toFixed(1)}" height="${barHeight}" rx="2" ${look}><title>stage ${stage}, task ${task}, attempt ${attempt}: ${end}</title></rect>${text}`
}
