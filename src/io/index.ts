import { changelogSink } from './changelog.ts'
import { changesSource } from './changes.ts'
import type { SinkConnector, SourceConnector } from './connector.ts'
import { csvSource } from './csv.ts'
import { deadLettersSink } from './dead-letters.ts'
import { csvSink, jsonlSink, textSink } from './file-sinks.ts'
import { jsonlSource } from './jsonl.ts'
import type { ConnectorRegistry } from './registry.ts'
import { textSource } from './text.ts'

const sources: readonly SourceConnector[] = [textSource, csvSource, jsonlSource, changesSource]
const sinks: readonly SinkConnector[] = [csvSink, jsonlSink, textSink, changelogSink, deadLettersSink]

/** The connectors that come with the package. */
export const defaultConnectors: ConnectorRegistry = {
  sources: new Map(sources.map((connector) => [connector.kind, connector])),
  sinks: new Map(sinks.map((connector) => [connector.kind, connector])),
}
