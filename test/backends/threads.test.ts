import { threadsBackend } from '../../src/backends/threads/index.ts'
import { describeWorkers } from './conformance.ts'

describeWorkers('threads', threadsBackend(new URL('./threads-worker.ts', import.meta.url)))
