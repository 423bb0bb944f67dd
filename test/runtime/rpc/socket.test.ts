import { existsSync, statSync } from 'node:fs'
import { createConnection, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { dataError, runError } from '../../../src/base/errors.ts'
import { guarded } from '../../../src/runtime/rpc/guarded.ts'
import { serve } from '../../../src/runtime/rpc/serve.ts'
import { connectTo, type Hello, listen } from '../../../src/runtime/rpc/socket.ts'
import {
  leaveSocketFolder,
  makeSocketFolder,
  removeSocketFolder,
  type SocketFolder,
  socketPath,
} from '../../../src/runtime/rpc/socket-folder.ts'
import type { SocketPort } from '../../../src/runtime/rpc/socket-port.ts'

const closings: (() => void)[] = []
afterEach(() => {
  for (const close of closings.splice(0)) close()
})

function openFolder(): SocketFolder {
  const folder = makeSocketFolder()
  closings.push(() => removeSocketFolder(folder))
  return folder
}

/** A process that listens as worker 0, with all connections it has accepted. */
async function start(accepts: (hello: Hello) => boolean = () => true) {
  const folder = openFolder()
  const accepted: { hello: Hello; port: SocketPort }[] = []
  const path = socketPath(folder, 0)
  const server: Server = await listen(path, folder.token, (hello) =>
    accepts(hello) ? (port) => void accepted.push({ hello, port }) : undefined,
  )
  closings.push(() => {
    for (const { port } of accepted) port.close()
    server.close()
  })
  return { folder, path, accepted }
}

const control: Hello = { from: -1, purpose: 'control' }

describe('sockets between processes', () => {
  it('carry calls, results and errors with their details', async () => {
    const { folder, path, accepted } = await start()
    const port = await connectTo(path, folder.token, control)
    expect(accepted[0].hello).toEqual(control)
    serve(
      {
        add: (a: number, b: number) => a + b,
        fail() {
          throw dataError('DATA_BAD_VALUE', 'bad', { file: 'a.csv', line: 3 })
        },
      },
      accepted[0].port,
    )
    const thread = {
      postMessage: (message: unknown) => port.postMessage(message),
      on: port.on.bind(port),
      off: port.off.bind(port),
      once: (event: string, listener: (code: never) => void) => event === 'exit' && port.onClose(() => listener(0 as never)),
    }
    const api = guarded<{ add(a: number, b: number): number; fail(): void; wait(): void }>(thread, (why) =>
      runError('RUN_WORKER_LOST', why),
    )
    expect(await api.add(1, 2)).toBe(3)
    await expect(api.fail()).rejects.toMatchObject({ code: 'DATA_BAD_VALUE', details: { file: 'a.csv', line: 3 } })
    const open = api.add(1, 2).catch((error) => error)
    accepted[0].port.close()
    await open
    await new Promise<void>((resolve) => port.onClose(resolve))
    await expect(api.add(1, 2)).rejects.toMatchObject({ code: 'RUN_WORKER_LOST' })
  })

  it('carry bytes of any size, many at once and in their order', async () => {
    const { folder, path, accepted } = await start()
    const port = await connectTo(path, folder.token, { from: 3, purpose: 'data' })
    const sizes = [112, 5_000_000, 8, 70_000, 1_000_000]
    const received: { n: number; bytes: Uint8Array }[] = []
    const { promise: all, resolve } = Promise.withResolvers<void>()
    accepted[0].port.on('message', (message) => {
      received.push(message as { n: number; bytes: Uint8Array })
      if (received.length === sizes.length) resolve()
    })
    for (const [n, size] of sizes.entries()) port.postMessage({ n, bytes: new Uint8Array(size).fill(n + 1) })
    await all
    expect(received.map(({ n, bytes }) => [n, bytes.length, bytes[0], bytes.at(-1)])).toEqual(
      sizes.map((size, n) => [n, size, n + 1, n + 1]),
    )
    port.close()
  })

  it('keep what was sent before anybody listens', async () => {
    const { folder, path, accepted } = await start()
    const port = await connectTo(path, folder.token, control)
    port.postMessage({ n: 1 })
    port.close()
    await new Promise<void>((resolve) => port.onClose(resolve))
    expect(await new Promise((resolve) => accepted[0].port.on('message', resolve))).toEqual({ n: 1 })
  })

  it('refuse who does not know the token before they look at anything else', async () => {
    const { folder, path, accepted } = await start()
    await expect(
      connectTo(
        path,
        folder.token.replace(/^./, (c) => (c === '0' ? '1' : '0')),
        control,
      ),
    ).rejects.toThrow('refused')
    const stranger = createConnection(path)
    stranger.write(Buffer.alloc(1000))
    await new Promise((resolve) => stranger.once('close', resolve))
    expect(accepted).toEqual([])
  })

  it('refuse whom the process does not want', async () => {
    const { folder, path, accepted } = await start(({ purpose }) => purpose === 'data')
    await expect(connectTo(path, folder.token, control)).rejects.toThrow('refused')
    await expect(connectTo(path, folder.token, { from: 1, purpose: 'data' })).resolves.toBeDefined()
    expect(accepted).toHaveLength(1)
  })

  it('say when nobody listens', async () => {
    const folder = openFolder()
    await expect(connectTo(socketPath(folder, 0), folder.token, control)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('the folder of sockets', () => {
  it.skipIf(process.platform === 'win32')('lets nobody else in, and has short paths', () => {
    const folder = openFolder()
    expect(statSync(folder.directory).mode & 0o777).toBe(0o700)
    expect(Buffer.byteLength(socketPath(folder, 99_999_999))).toBeLessThanOrEqual(103)
  })

  it.skipIf(process.platform === 'win32')('has short paths though the folder for temporary files has a long one', () => {
    const before = process.env.TMPDIR
    process.env.TMPDIR = `/tmp/${'long'.repeat(25)}`
    try {
      expect(Buffer.byteLength(socketPath(openFolder(), 99_999_999))).toBeLessThanOrEqual(103)
    } finally {
      if (before === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = before
    }
  })

  it('goes with the last worker that leaves it', async () => {
    const { folder } = await start()
    const server = await listen(socketPath(folder, 1), folder.token, () => undefined)
    leaveSocketFolder(folder, 0)
    expect(existsSync(folder.directory)).toBe(true)
    leaveSocketFolder(folder, 1)
    expect(existsSync(folder.directory)).toBe(false)
    server.close()
  })
})
