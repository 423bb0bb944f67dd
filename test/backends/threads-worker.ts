import { serveWorker } from '../../src/backends/threads/worker.ts'
import { testConnectors } from '../runtime/plans.ts'

serveWorker({ loadFunctions: async () => new Map(), connectors: testConnectors })
