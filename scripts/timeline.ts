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
const laneHeight = 46
const barHeight = 15
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

function draw(bars: readonly Bar[], marks: readonly Mark[], lanes: readonly string[]): string {
  const endMs = Math.max(1, ...bars.map(({ toMs }) => toMs), ...marks.map(({ atMs }) => atMs))
  const x = (ms: number): number => left + (ms / endMs) * (width - left - 20)
  const rows = bars.map((bar) => levelOf(bar, bars))
  const height = top + lanes.length * laneHeight + 40
  const parts = lanes.map((name, lane) => {
    const y = top + lane * laneHeight
    return `<line x1="${left}" y1="${y + laneHeight}" x2="${width - 20}" y2="${y + laneHeight}" stroke="#ddd"/><text x="8" y="${y + 26}">${name}</text>`
  })
  for (const [i, bar] of bars.entries())
    parts.push(drawBar(bar, x, top + bar.lane * laneHeight + 4 + (rows[i] % 2) * (barHeight + 4)))
  for (const { atMs, text } of marks) {
    const at = x(atMs).toFixed(1)
    parts.push(`<line x1="${at}" y1="${top - 6}" x2="${at}" y2="${height - 34}" stroke="#c00" stroke-dasharray="3 3"/>`)
    parts.push(`<text x="${at}" y="${top - 12}" text-anchor="middle" fill="#c00">${text}</text>`)
  }
  for (let tick = 0; tick <= 4; tick++) {
    const ms = (endMs * tick) / 4
    parts.push(
      `<text x="${x(ms).toFixed(1)}" y="${height - 18}" text-anchor="middle" fill="#666">${(ms / 1000).toFixed(2)} s</text>`,
    )
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="white"/>
${parts.join('\n')}
</svg>
`
}

/** Attempts that run at the same time on one worker lie above each other. */
function levelOf(bar: Bar, bars: readonly Bar[]): number {
  return bars.filter((other) => other.lane === bar.lane && other.fromMs < bar.fromMs && other.toMs > bar.fromMs).length
}

function drawBar({ stage, task, attempt, fromMs, toMs, end }: Bar, x: (ms: number) => number, y: number): string {
  const from = x(fromMs)
  const long = Math.max(2, x(toMs) - from)
  const color = colors[stage % colors.length]
  const look =
    end === 'done' ? `fill="${color}"` : `fill="white" stroke="${end === 'cancelled' ? '#999' : '#c00'}" stroke-width="1.5"`
  const label = `${stage}.${task}${attempt % 1000 > 1 ? `#${attempt}` : ''}`
  const text =
    long > 24
      ? `<text x="${(from + 3).toFixed(1)}" y="${y + 11}" font-size="10" fill="${end === 'done' ? 'white' : '#c00'}">${label}</text>`
      : ''
  return `<rect x="${from.toFixed(1)}" y="${y}" width="${long.toFixed(1)}" height="${barHeight}" rx="2" ${look}><title>stage ${stage}, task ${task}, attempt ${attempt}: ${end}</title></rect>${text}`
}
