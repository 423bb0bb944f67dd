import { spawn } from 'node:child_process'
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'

/** A program to measure. Node programs report their own CPU and peak memory at exit; of others the shell's `time` tells CPU. */
export interface Contender {
  name: string
  command: readonly string[]
  kind: 'node' | 'other'
  /** Run in the first round only. */
  once?: boolean
  /** Reads the answer from what it printed; all contenders must agree. */
  answer?(output: string): string
}
export interface Measurement {
  wallMs: number
  cpuMs: number
  peakBytes: number | undefined
  output: string
}
export interface Row {
  name: string
  wallMs: number
  cpuMs: number
  peakBytes: number | undefined
  runs: number
}

/** Runs the contenders in turn, round after round, so that drifts of the machine meet all of them alike; returns medians. */
export async function interleave(contenders: readonly Contender[], rounds: number): Promise<Row[]> {
  const all = new Map<string, Measurement[]>(contenders.map(({ name }) => [name, []]))
  let agreed: string | undefined
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      if (contender.once === true && round > 0) continue
      const measured = await measure(contender)
      const answer = contender.answer?.(measured.output)
      if (answer !== undefined && agreed !== undefined && !agreed.startsWith(answer) && !answer.startsWith(agreed)) {
        throw new Error(`${contender.name} answers ${answer}, others ${agreed}`)
      }
      if (answer !== undefined && answer.length > (agreed?.length ?? 0)) agreed = answer
      all.get(contender.name)?.push(measured)
      console.error(`round ${round + 1}  ${contender.name}: wall ${ms(measured.wallMs)}, CPU ${ms(measured.cpuMs)}`)
    }
  }
  return contenders.map(({ name }) => {
    const runs = all.get(name) ?? []
    const peaks = runs.flatMap((run) => (run.peakBytes === undefined ? [] : [run.peakBytes]))
    return {
      name,
      wallMs: median(runs.map((run) => run.wallMs)),
      cpuMs: median(runs.map((run) => run.cpuMs)),
      peakBytes: peaks.length === 0 ? undefined : Math.max(...peaks),
      runs: runs.length,
    }
  })
}

const reporter = join(import.meta.dirname, 'report-usage.js')

function measure(contender: Contender): Promise<Measurement> {
  const usageFile = join(tmpdir(), `millrace-bench-usage-${process.pid}`)
  const outputFile = join(tmpdir(), `millrace-bench-output-${process.pid}`)
  rmSync(usageFile, { force: true })
  const output = openSync(outputFile, 'w')
  const [program, ...args] =
    contender.kind === 'node'
      ? [process.execPath, '--import', reporter, ...contender.command]
      : ['bash', '-c', `TIMEFORMAT='%U %S'; { time { ${contender.command.join(' ')}; } 2>/dev/null; } 2>${usageFile}`]
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const child = spawn(program, args, {
      stdio: ['ignore', output, 'inherit'],
      env: { ...process.env, BENCH_USAGE_FILE: usageFile },
    })
    child.once('error', reject)
    child.once('exit', (code) => {
      const wallMs = performance.now() - started
      closeSync(output)
      if (code !== 0) return reject(new Error(`${contender.name} ended with ${code}`))
      const usage = existsSync(usageFile) ? readFileSync(usageFile, 'utf8').trim().split(/\s+/).map(Number) : []
      const printed = readFileSync(outputFile, 'utf8')
      for (const file of [usageFile, outputFile]) rmSync(file, { force: true })
      const cpuMs = contender.kind === 'node' ? usage[0] : (usage[0] + usage[1]) * 1000
      resolve({
        // A contender may have measured a part of itself.
        wallMs: contender.kind === 'node' ? (usage[2] ?? wallMs) : wallMs,
        cpuMs,
        peakBytes: contender.kind === 'node' ? usage[1] : undefined,
        output: printed,
      })
    })
  })
}

/** Prints the medians with ratios to the first contender named in `base`, and appends them to the results. */
export function report(title: string, command: string, rows: readonly Row[], base: string): void {
  const reference = rows.find((row) => row.name === base) as Row
  appendResult(title, command, [
    '| contender | wall | CPU | peak memory | wall ratio | CPU ratio | runs |',
    '|---|---:|---:|---:|---:|---:|---:|',
    ...rows.map((row) => {
      const peak = row.peakBytes === undefined ? '' : `${Math.round(row.peakBytes / 1e6)} MB`
      const ratios = `${(row.wallMs / reference.wallMs).toFixed(2)} | ${(row.cpuMs / reference.cpuMs).toFixed(2)}`
      return `| ${row.name} | ${ms(row.wallMs)} | ${ms(row.cpuMs)} | ${peak} | ${ratios} | ${row.runs} |`
    }),
    '',
    `Medians; ratios to "${base}".`,
  ])
}

/** Prints a result with its date, command and machine, and appends it to the results. */
export function appendResult(title: string, command: string, body: readonly string[]): void {
  const machine = `Node ${process.versions.node} · ${cpus().length} × ${cpus()[0].model}`
  const lines = [`## ${title}`, '', `${new Date().toISOString().slice(0, 10)} · \`${command}\` · ${machine}`, '', ...body, '']
  console.log(lines.join('\n'))
  appendFileSync(join(import.meta.dirname, 'results.md'), `${lines.join('\n')}\n`)
}

const ms = (value: number): string => `${(value / 1000).toFixed(2)} s`

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
