import type { Host } from '../base/host.ts'
import type { Value } from '../data/type.ts'
import type { ConnectorRegistry } from '../io/registry.ts'
import type { PartsBySink } from './run-state.ts'

/** A sink as plans and journals name it. */
interface SinkUse {
  connector: string
  options: Value
}

/** Where and for which run sinks work. */
interface SinkRun {
  connectors: ConnectorRegistry
  host: Host
  cwd: string
  run: { id: string }
}

/** Makes the parts of every sink visible, sink after sink; harmless when it has been done already. */
export function commitSinks({ connectors, host, cwd, run }: SinkRun, sinks: readonly SinkUse[], parts: PartsBySink): void {
  for (const [number, { connector, options }] of sinks.entries())
    connectors.sinks.get(connector)?.commit(options as never, parts[number], { host, cwd, runId: run.id })
}

/** Removes what sinks have staged and was not committed, such as the parts of lost attempts. */
export function discardStaged({ connectors, host, cwd, run }: SinkRun, sinks: readonly SinkUse[]): void {
  for (const { connector, options } of sinks)
    connectors.sinks.get(connector)?.discard(options as never, { host, cwd, runId: run.id })
}
