import { csvSource } from './csv.ts'
import { jsonlSource } from './jsonl.ts'
import type { ConnectorRegistry } from './registry.ts'
import { textSource } from './text.ts'

/** The connectors that every program can name. */
export const defaultConnectors: ConnectorRegistry = {
  sources: new Map([textSource, csvSource, jsonlSource].map((source) => [source.kind, source])),
  sinks: new Map(),
}
