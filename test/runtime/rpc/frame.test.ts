import fc from 'fast-check'
import { expect, it } from 'vitest'
import { encodeFrame, FrameReader } from '../../../src/runtime/rpc/frame.ts'

const data = fc.jsonValue({ maxDepth: 2 }).map((value) => ({ id: 'a', value }))
const withBytes = fc
  .record({ key: fc.string(), exchange: fc.nat(), bytes: fc.uint8Array({ maxLength: 200 }) })
  // Views of a part of a buffer, too.
  .map((message) => ({ ...message, bytes: Uint8Array.from([7, ...message.bytes]).subarray(1) }))
const messages = fc.array(fc.oneof(data, withBytes), { maxLength: 8 })

it('messages arrive as they were sent, in whatever pieces', () => {
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1 }), (sent, sizes) => {
      const stream = Buffer.concat(sent.flatMap((message) => [...encodeFrame(message)]))
      const received: unknown[] = []
      const reader = new FrameReader((message) => received.push(message))
      for (let at = 0, i = 0; at < stream.length; at += sizes[i++ % sizes.length]) {
        reader.push(stream.subarray(at, at + sizes[i % sizes.length]))
      }
      expect(received).toEqual(sent)
    }),
  )
})

it('gives bytes a buffer of their own, in which a batch can be read in place', () => {
  let bytes: Uint8Array | undefined
  const reader = new FrameReader((message) => {
    bytes = (message as { bytes: Uint8Array }).bytes
  })
  reader.push(Buffer.concat([...encodeFrame({ bytes: new Uint8Array(1000).fill(3) })]))
  expect(bytes).toMatchObject({ byteOffset: 0, length: 1000 })
  expect(bytes?.buffer.byteLength).toBe(1000)
})

it('puts the bytes of a message on the wire as they are, without a copy', () => {
  const bytes = new Uint8Array(100)
  expect(encodeFrame({ key: 'k', bytes }).at(-1)).toBe(bytes)
})
