import type { SinkConnector, SourceConnector } from './connector.ts'

/** Connectors by kind; given to the binder, the backends and the workers. */
export interface ConnectorRegistry {
  sources: ReadonlyMap<string, SourceConnector>
  sinks: ReadonlyMap<string, SinkConnector>
}
