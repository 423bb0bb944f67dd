import { appendFileSync, existsSync, mkdtempSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunRequest } from '../../src/backends/backend.ts'
import { runError } from '../../src/base/errors.ts'
import type { Host } from '../../src/base/host.ts'
import { nodeHost } from '../../src/base/node-host.ts'
import type { Batch } from '../../src/data/batch.ts'
import { batchFromRows, rowsOf } from '../../src/data/read.ts'
import { type Schema, types, type Value } from '../../src/data/type.ts'
import type { SinkConnector, SourceConnector } from '../../src/io/connector.ts'
import type { ConnectorRegistry } from '../../src/io/registry.ts'
import type {
  Exchange,
  Partitioning,
  PhysicalAggCall,
  PhysicalForm,
  PhysicalNode,
  PhysicalPlan,
  Stage,
} from '../../src/ir/physical.ts'
import type { FunctionTable } from '../../src/ir/user-function.ts'

export const pairFields: Schema = [
  { name: 'key', type: types.int64, nullable: false },
  { name: 'value', type: types.int64, nullable: false },
]

const traits = {
  pushProjection: true,
  pushFilter: false,
  pushLimit: true,
  splittable: true,
  replayable: true,
  bounded: true,
  exactlyOnce: true,
  weights: false,
}

/** What a source does beside giving rows, so that runs fail in the ways they can. */
interface Trouble {
  /** The worker ends at the first row of split `dieAt`, as long as fewer than `times` did (one byte each in `ledger`). */
  dieAt?: number
  /** Its process is stopped instead, and does not go on by itself. */
  stopAt?: number
  /** A retryable error instead. */
  failAt?: number
  ledger?: string
  times?: number
  /** The whole process is killed at the first row of this split; in the commit of the sink, half way, when it is 'commit'. */
  killAt?: number | 'commit'
  /** Never comes back from the first row of this split. */
  hangAt?: number
}

function makeTrouble({ dieAt, stopAt, failAt, hangAt, killAt, ledger = '', times = 0 }: Trouble, splitIndex: number): void {
  if (killAt === splitIndex) killNow()
  if (hangAt === splitIndex) for (;;);
  if (![dieAt, stopAt, failAt].includes(splitIndex)) return
  const before = existsSync(ledger) ? statSync(ledger).size : 0
  if (before >= times) return
  appendFileSync(ledger, 'x')
  if (dieAt === splitIndex) process.exit(3)
  if (stopAt === splitIndex) return void process.kill(process.pid, 'SIGSTOP')
  throw runError('RUN_FUNCTION_FAILED', 'not this time', { retryable: true })
}

function killNow(): void {
  process.kill(process.pid, 'SIGKILL')
  // The signal arrives while this waits.
  for (;;);
}

/** Split i gives the rows `[n % keys, n]` for n from `offset` up to `offset + length`, in batches of `batchRows`. */
const numbers: SourceConnector = {
  kind: 'numbers',
  options: {},
  takesSchema: false,
  describe: async () => ({ schema: pairFields, inferred: false, traits, splits: [] }),
  *read({ options, split, splitIndex }): Iterable<Batch | { barrier: number }> {
    makeTrouble(options as Trouble, splitIndex)
    const { keys, batchRows, epochs } = options as { keys: number; batchRows: number; epochs?: readonly number[] }
    const rows: Value[][] = []
    for (let i = 0; i < split.length; i++) rows.push([(split.offset + i) % keys, split.offset + i])
    let epoch = 0
    for (let at = 0; at < rows.length; at += batchRows) {
      yield batchFromRows(pairFields, rows.slice(at, at + batchRows))
      if (epochs !== undefined) yield { barrier: epochs[epoch++] }
    }
  },
}

/** Writes each row as a line of JSON; parts become one file. */
const lines: SinkConnector = {
  kind: 'lines',
  options: {},
  traits: { exactlyOnce: true, weights: true },
  singlePart: () => false,
  check: () => {},
  open(options, { host, partition, attempt, runId }) {
    const path = `${options.path}.${runId}.${partition}.${attempt}.part`
    const file = host.disk.create(path)
    let rowCount = 0
    let sizeBytes = 0
    const write = (text: string): void => {
      const bytes = new TextEncoder().encode(text)
      sizeBytes += bytes.length
      file.write(bytes)
    }
    return {
      write(batch) {
        rowCount += batch.rowCount
        const rows = rowsOf(batch).map((row, i) => (batch.weights === undefined ? row : [...row, batch.weights[i]]))
        write(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
      },
      barrier: (epoch) => write(`barrier ${epoch}\n`),
      prepare() {
        file.sync()
        file.close()
        return { partition, path, rowCount, sizeBytes }
      },
      abort() {
        file.close()
        host.disk.remove(path)
      },
    }
  },
  commit(options, parts, { host, runId }) {
    if (host.disk.stat(options.path as string) !== undefined) return
    const whole = `${options.path}.${runId}.whole.part`
    host.disk.remove(whole)
    const out = host.disk.create(whole)
    for (const { path, sizeBytes } of parts) {
      const bytes = new Uint8Array(sizeBytes)
      const file = host.disk.openRead(path)
      file.read(bytes, 0, sizeBytes, 0)
      file.close()
      out.write(bytes)
    }
    out.close()
    if (options.killAt === 'commit') killNow()
    host.disk.rename(whole, options.path as string)
  },
  discard(options, { host, runId }) {
    const folder = join(options.path as string, '..')
    for (const name of host.disk.list(folder))
      if (name.includes(runId) && name.endsWith('.part')) host.disk.remove(join(folder, name))
  },
}

export const testConnectors: ConnectorRegistry = {
  sources: new Map([[numbers.kind, numbers]]),
  sinks: new Map([[lines.kind, lines]]),
}

/** A physical node with everything a planner would add left plain. */
export function node(
  id: number,
  inputs: readonly number[],
  fields: Schema,
  form: PhysicalForm,
  inputOrder: 'build-first' | 'any' = 'any',
): PhysicalNode {
  const properties = { partitioning: { by: 'forward', count: 1 } as Partitioning, order: 'undefined' as const, unique: [] }
  return { id, inputs, inputOrder, tier: 'A', from: [], fields, properties, ...form }
}

export interface ScanOptions {
  tasks?: number
  rowsATask?: number
  keys?: number
  batchRows?: number
  epochs?: readonly number[]
  trouble?: Trouble
}

export function scan(
  id: number,
  { tasks = 4, rowsATask = 100, keys = 10, batchRows = 7, epochs, trouble }: ScanOptions = {},
): PhysicalNode {
  const splits = Array.from({ length: tasks }, (_, i) => ({ offset: i * rowsATask, length: rowsATask }))
  const options = { keys, batchRows, ...(epochs && { epochs }), ...trouble }
  return node(id, [], pairFields, { operator: 'scan', spec: { connector: 'numbers', options, splits } })
}

const sumCall: PhysicalAggCall = {
  name: 'sum',
  fn: 'sum',
  args: [1],
  argTypes: [types.int64],
  distinct: false,
  returns: types.int64,
  nullable: true,
  algebra: { associative: true, commutative: true, idempotent: false, invertible: true },
}

/** Stages by their nodes; exchanges go from the `send` of one to the `receive` of another. */
export function makePlan(
  stages: readonly { nodes: readonly PhysicalNode[]; tasks: number; placement?: 'coordinator' }[],
  exchanges: readonly { partitioning: Partitioning; fields?: Schema }[],
  mode: PhysicalPlan['mode'],
  extra: Partial<PhysicalPlan> = {},
): PhysicalPlan {
  const reads = (stage: { nodes: readonly PhysicalNode[] }) =>
    stage.nodes.flatMap((one) => (one.operator === 'receive' ? one.spec.exchanges : []))
  const writes = (stage: { nodes: readonly PhysicalNode[] }) =>
    stage.nodes.flatMap((one) => (one.operator === 'send' ? [one.spec.exchange] : []))
  const whole = stages.map(
    (stage, id): Stage => ({ id, placement: 'worker', inputs: reads(stage), outputs: writes(stage), ...stage }),
  )
  const edges = exchanges.map(({ partitioning, fields = pairFields }, id): Exchange => {
    const to = whole.findIndex((stage) => stage.inputs.includes(id))
    const input = whole[to].nodes.find((one) => one.operator === 'receive' && one.spec.exchanges.includes(id))?.id as number
    const from = whole.findIndex((stage) => stage.outputs.includes(id))
    return { id, from, to, input, partitioning, mode: mode === 'serial' ? 'blocking' : mode, code: '', why: '', fields }
  })
  const collected = whole.flatMap((stage) => stage.nodes.filter((one) => one.operator === 'collect'))
  return {
    version: 1,
    epoch: 0,
    regions:
      mode === 'pipelined' ? [{ id: 0, stages: whole.map(({ id }) => id) }] : whole.map(({ id }) => ({ id, stages: [id] })),
    stages: whole,
    exchanges: edges,
    outputs: collected.map((one) => ({ name: 'result', fields: one.fields, element: false, order: 'undefined' as const })),
    sinks: [],
    fns: [],
    params: {},
    hashSeed: 7,
    mode,
    modeReason: '',
    incremental: false,
    fingerprint: 'f',
    ...extra,
  }
}

/** scan → hash by key → sum a key → gather → collect. */
export function sumPlan(mode: PhysicalPlan['mode'], options: ScanOptions & { partitions?: number } = {}): PhysicalPlan {
  const { tasks = 4, partitions = 3 } = options
  const sums: Schema = [pairFields[0], { name: 'sum', type: types.int64, nullable: true }]
  return makePlan(
    [
      { tasks, nodes: [scan(0, options), node(1, [0], pairFields, { operator: 'send', spec: { exchange: 0 } })] },
      {
        tasks: partitions,
        nodes: [
          node(2, [], pairFields, { operator: 'receive', spec: { exchanges: [0], ordered: false } }),
          node(3, [2], sums, {
            operator: 'aggregate',
            spec: { keys: [0], calls: [sumCall], phase: 'complete', changes: 'insertOnly' },
          }),
          node(4, [3], sums, { operator: 'send', spec: { exchange: 1 } }),
        ],
      },
      {
        tasks: 1,
        placement: 'coordinator',
        nodes: [
          node(5, [], sums, { operator: 'receive', spec: { exchanges: [1], ordered: true } }),
          node(6, [5], sums, { operator: 'collect', spec: { output: 0 } }),
        ],
      },
    ],
    [{ partitioning: { by: 'hash', keys: [0], count: partitions } }, { partitioning: { by: 'gather', count: 1 }, fields: sums }],
    mode,
  )
}

export const sortedRows = (rows: readonly Value[][]): Value[][] =>
  [...rows].sort((a, b) => Number(a[0]) - Number(b[0]) || Number(a[1]) - Number(b[1]))

/** The answer of `sumPlan`, the plain way. */
export function expectedSums({ tasks = 4, rowsATask = 100, keys = 10 }: ScanOptions = {}): Value[][] {
  const sums = new Map<number, number>()
  for (let n = 0; n < tasks * rowsATask; n++) sums.set(n % keys, (sums.get(n % keys) ?? 0) + n)
  return sortedRows([...sums])
}

export const tempFolder = (): string => mkdtempSync(join(tmpdir(), 'millrace-test-'))

export function requestFor(
  plan: PhysicalPlan,
  extra: Partial<RunRequest> & { host?: Host; functions?: FunctionTable } = {},
): RunRequest {
  const cwd = tempFolder()
  return {
    plan,
    functions: new Map(),
    connectors: testConnectors,
    program: null,
    workers: 2,
    memoryBytes: 256 * 1024 * 1024,
    mayBlock: false,
    cwd,
    run: { id: 'r1', directory: join(cwd, 'runs', 'r1'), resume: false, recoverable: false, program: null },
    host: nodeHost(),
    signal: new AbortController().signal,
    ...extra,
  }
}

/** Wholly worked off in workers: scan → hash → sum → sink of three parts. */
export function sinkPlan(
  mode: PhysicalPlan['mode'],
  path: string,
  options: ScanOptions & { partitions?: number } = {},
): PhysicalPlan {
  const { tasks = 4, partitions = 3 } = options
  const sums: Schema = [pairFields[0], { name: 'sum', type: types.int64, nullable: true }]
  const sink = { connector: 'lines', options: { path, ...(options.trouble?.killAt === 'commit' && { killAt: 'commit' }) } }
  return makePlan(
    [
      { tasks, nodes: [scan(0, options), node(1, [0], pairFields, { operator: 'send', spec: { exchange: 0 } })] },
      {
        tasks: partitions,
        nodes: [
          node(2, [], pairFields, { operator: 'receive', spec: { exchanges: [0], ordered: false } }),
          node(3, [2], sums, {
            operator: 'aggregate',
            spec: { keys: [0], calls: [sumCall], phase: 'complete', changes: 'insertOnly' },
          }),
          node(4, [3], sums, { operator: 'sink', spec: { sink: 0, ...sink } }),
        ],
      },
    ],
    [{ partitioning: { by: 'hash', keys: [0], count: partitions } }],
    mode,
    { sinks: [{ ...sink, fields: sums, tasks: partitions, stage: 1 }] },
  )
}
