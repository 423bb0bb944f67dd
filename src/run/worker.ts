import { serveWorker } from '../backends/threads/worker.ts'
import { defaultConnectors } from '../io/index.ts'
import { loadFunctions } from './load-functions.ts'

serveWorker({ loadFunctions, connectors: defaultConnectors })
