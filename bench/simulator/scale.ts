import { coordinatorBytesPerTask } from './coordinator-memory.ts'
import { CoordinatorTime } from './coordinator-time.ts'
import { planOf, run } from './trials.ts'

const sizes = [100, 300, 1000, 3000, 10_000]
/** As much for each machine as in the sort of the paper. */
const perMachine = { bytes: 1e12 / 1746, parts: 4000 / 1746 }
const firstSeed = 301
/** Runs of all sizes together have so many machines at least, so that the coordinator of a small one can be measured, too. */
const leastMachines = 3000

/** Clusters of all sizes with as much to do for each machine: does the coordinator keep up, and are the machines busy? */
export async function scaleTable(): Promise<string[]> {
  await measure(1000) // Warms up.
  const rows: string[] = []
  const cpu: number[] = []
  for (const machines of sizes) {
    const { tasks, eventsPerTask, totalMs, utilisation, cpuPerTask, bytes, worldSeconds } = await measure(machines)
    cpu.push(cpuPerTask)
    const cells = [
      machines,
      tasks,
      `${Math.round(totalMs / 1000)} s`,
      `${Math.round(100 * utilisation)} %`,
      eventsPerTask.toFixed(1),
      `${cpuPerTask.toFixed(1)} µs`,
      `${Math.round(bytes)} B`,
      `${worldSeconds.toFixed(1)} s`,
    ]
    rows.push(`| ${cells.join(' | ')} |`)
  }
  return [
    `The same sort with as much for each machine, seed ${firstSeed}; the coordinator’s time is that of \`step\`, its memory what is left of a finished run:`,
    '',
    '| machines | tasks started | time | utilisation | events, a task | coordinator, a task | memory, a task | CPU of a run without the coordinator |',
    '|---:|---:|---:|---:|---:|---:|---:|---:|',
    ...rows,
    '',
    `Coordinator, slowest to fastest: ${(Math.max(...cpu) / Math.min(...cpu)).toFixed(2)}.`,
    '',
  ]
}

async function measure(machines: number) {
  const sizeBytes = Math.round(perMachine.bytes * machines)
  const plan = await planOf('sort.flow', sizeBytes, { parts: Math.round(perMachine.parts * machines) })
  const seeds = Array.from({ length: Math.ceil(leastMachines / machines) }, (_, i) => firstSeed + i)
  const time = new CoordinatorTime(plan)
  const started = process.cpuUsage()
  const results = seeds.map((seed) => run(seed, { plan, machines, listen: time.listen }))
  const coordinatorMs = time.cpuMs()
  const { user, system } = process.cpuUsage(started)
  const [{ coordinator, totalMs, utilisation }] = results
  const tasks = results.reduce((sum, each) => sum + each.coordinator.tasks, 0)
  const events = results.reduce((sum, each) => sum + each.coordinator.events, 0)
  return {
    tasks: coordinator.tasks,
    eventsPerTask: events / tasks,
    totalMs,
    utilisation,
    cpuPerTask: (1000 * coordinatorMs) / tasks,
    bytes: coordinatorBytesPerTask(plan, machines),
    // Events were taken twice, by the run and to be measured.
    worldSeconds: ((user + system) / 1e6 - (2 * coordinatorMs) / 1000) / seeds.length,
  }
}
