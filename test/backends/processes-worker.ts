import { serveWorkerProcess } from '../../src/backends/processes/worker.ts'
import { testConnectors } from '../runtime/plans.ts'

await serveWorkerProcess({ loadFunctions: async () => new Map(), connectors: testConnectors })
