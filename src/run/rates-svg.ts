import { formatBytes } from '../base/format-bytes.ts'
import type { SimulatedRun, SimulationReport } from './simulate.ts'

const width = 720
const panelHeight = 150
const left = 72
const right = 16
const top = 34
const gap = 34
const bottom = 40

const panels = [
  { name: 'input', title: 'Input', colour: '#1f77b4' },
  { name: 'shuffle', title: 'Shuffle', colour: '#2ca02c' },
  { name: 'output', title: 'Output', colour: '#d62728' },
] as const

/** The rates of a run over its time as an SVG picture: input, shuffle and output below each other, as in figure 3 of the MapReduce paper. */
export function ratesSvg({ program, cluster }: SimulationReport, run: SimulatedRun): string {
  const height = top + panels.length * (panelHeight + gap) + bottom - gap
  const title = `${program} on ${cluster.machines} machines, seed ${run.seed}: ${Math.round(run.totalSeconds)} s`
  const drawn = panels.map((panel, i) => drawPanel(panel, run, top + i * (panelHeight + gap), i === panels.length - 1))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${left}" y="16" font-size="13" font-weight="bold">${escaped(title)}</text>`,
    ...drawn.flat(),
    '</svg>',
    '',
  ].join('\n')
}

function drawPanel({ name, title, colour }: (typeof panels)[number], run: SimulatedRun, y: number, isLast: boolean): string[] {
  const rates = run.rates[name]
  const most = Math.max(1, ...rates)
  const yStep = niceStep(most / 3)
  const yMax = yStep * Math.ceil(most / yStep)
  const xMax = Math.max(1, run.totalSeconds)
  const xStep = niceStep(xMax / 6)
  const atX = (seconds: number): number => round(left + ((width - left - right) * seconds) / xMax)
  const atY = (rate: number): number => round(y + panelHeight * (1 - rate / yMax))
  const lines = [`<text x="${left}" y="${y - 5}">${title}, a second</text>`]
  for (let rate = 0; rate <= yMax; rate += yStep) {
    lines.push(`<path d="M${left} ${atY(rate)}H${width - right}" stroke="#ddd"/>`)
    lines.push(`<text x="${left - 6}" y="${atY(rate) + 4}" text-anchor="end">${formatBytes(rate)}</text>`)
  }
  for (let seconds = 0; seconds <= xMax; seconds += xStep) {
    lines.push(`<path d="M${atX(seconds)} ${y + panelHeight}v4" stroke="#888"/>`)
    if (isLast) lines.push(`<text x="${atX(seconds)}" y="${y + panelHeight + 17}" text-anchor="middle">${seconds}</text>`)
  }
  if (isLast)
    lines.push(`<text x="${(left + width - right) / 2}" y="${y + panelHeight + 33}" text-anchor="middle">seconds</text>`)
  const points = rates.map((rate, second) => `${atX(Math.min(xMax, second + 0.5))},${atY(rate)}`).join(' ')
  lines.push(`<polyline points="${atX(0)},${atY(0)} ${points}" fill="none" stroke="${colour}" stroke-width="1.5"/>`)
  return lines
}

/** 1, 2 or 5 times a power of ten, and not less than `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10)
}

const round = (value: number): number => Math.round(value * 10) / 10
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
