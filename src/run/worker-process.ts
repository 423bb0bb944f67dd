import { serveWorkerProcess } from '../backends/processes/worker.ts'
import { defaultConnectors } from '../io/index.ts'
import { loadFunctions } from './load-functions.ts'

await serveWorkerProcess({ loadFunctions, connectors: defaultConnectors })
