import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { runError } from '../../src/base/errors.ts'
import { keepErrorDetails } from '../../src/runtime/rpc/errors.ts'
import { guarded } from '../../src/runtime/rpc/guarded.ts'
import type { TestApi } from './rpc-worker.ts'

keepErrorDetails()
const open: Worker[] = []

function start() {
  const worker = new Worker(new URL('./rpc-worker.ts', import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: 32 } })
  open.push(worker)
  return { worker, api: guarded<TestApi>(worker, (why) => runError('RUN_WORKER_LOST', why)) }
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((worker) => worker.terminate()))
})

describe('calls to another thread', () => {
  it('bring results back', async () => {
    expect(await start().api.add(1, 2)).toBe(3)
  })

  it('keep code, details and hint of errors', async () => {
    await expect(start().api.failWithPlace()).rejects.toMatchObject({
      code: 'DATA_BAD_VALUE',
      message: 'bad',
      details: { file: 'a.csv', line: 3, hint: 'fix it' },
    })
  })

  it('make anything else that is thrown an error of ours', async () => {
    await expect(start().api.failStrangely()).rejects.toMatchObject({ code: 'BUG_INVARIANT', message: 'text' })
  })

  it('reject when the thread is ended from outside while it is busy', async () => {
    const { worker, api } = start()
    await api.add(0, 0)
    const [call, queued] = [api.spin(), api.add(1, 1)].map((promise) => promise.catch((error) => error))
    await worker.terminate()
    expect(await call).toMatchObject({ code: 'RUN_WORKER_LOST' })
    expect(await queued).toMatchObject({ code: 'RUN_WORKER_LOST' })
  })

  it('reject when the thread ends its own process, and so does every later call', async () => {
    const { api } = start()
    await expect(api.exit(7)).rejects.toMatchObject({ code: 'RUN_WORKER_LOST', message: 'exit code 7' })
    await expect(api.add(1, 1)).rejects.toMatchObject({ code: 'RUN_WORKER_LOST' })
  })

  it('reject when the thread runs out of memory', async () => {
    await expect(start().api.fill()).rejects.toMatchObject({
      code: 'RUN_WORKER_LOST',
      message: expect.stringContaining('memory'),
    })
  })
})
