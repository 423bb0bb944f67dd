import { parentPort } from 'node:worker_threads'
import { dataError, runError } from '../../src/base/errors.ts'
import { serve } from '../../src/runtime/rpc/serve.ts'

export interface TestApi {
  add(a: number, b: number): number
  failWithPlace(): void
  failStrangely(): void
  spin(): void
  exit(code: number): void
  fill(): void
}

const api: TestApi = {
  add: (a, b) => a + b,
  failWithPlace() {
    throw dataError('DATA_BAD_VALUE', 'bad', { file: 'a.csv', line: 3, hint: 'fix it', cause: runError('RUN_CAST', 'inner') })
  },
  failStrangely() {
    throw 'text'
  },
  spin() {
    for (;;);
  },
  exit: (code) => process.exit(code),
  fill() {
    const kept: unknown[] = []
    for (;;) kept.push(Array.from({ length: 1000 }, () => ({})))
  },
}
if (parentPort !== null) serve(api, parentPort)
