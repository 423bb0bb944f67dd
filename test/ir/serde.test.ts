import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { types } from '../../src/data/type.ts'
import { bind } from '../../src/dsl/bind/bind.ts'
import { fingerprintPlan, fingerprintUnbound } from '../../src/ir/fingerprint.ts'
import { printPlan } from '../../src/ir/print.ts'
import { decodeData, decodePlan, encodeData, encodePlan } from '../../src/ir/serde.ts'
import { call, contextOf, item, name, number, Program, ref, text } from '../dsl/bind/fixtures.ts'

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.bigInt(),
    fc.string(),
    fc.uint8Array(),
    fc.array(tie('value')),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$bigint', '$object', '$bytes', '__proto__')), tie('value')),
  ),
})).value

describe('encodeData', () => {
  it('gives back what it was given', () => {
    fc.assert(
      fc.property(value, (data) => {
        expect(decodeData(encodeData(data))).toEqual(data)
      }),
    )
  })

  it('tells bigints, bytes and odd floats from what looks like them', () => {
    expect(encodeData([1n, new Uint8Array([1]), Number.NaN, -0])).toBe(
      '[{"$bigint":"1"},{"$bytes":"AQ=="},{"$number":"NaN"},{"$number":"-0"}]',
    )
    expect(decodeData(encodeData({ $bigint: 'x' }))).toEqual({ $bigint: 'x' })
  })

  it('sets no prototype from data', () => {
    const data = decodeData(encodeData(JSON.parse('{"__proto__": {"polluted": 1}}'))) as object
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype)
    expect(Object.keys(data)).toEqual(['__proto__'])
  })
})

function program(extra = 0) {
  const p = new Program()
  const t = p.table('a int64, s string')
  const f = p.add(
    { u: 'parallelDo', shape: 'map', fn: ref('f', { id: extra }), returns: { element: types.int64, nullable: false } },
    t,
  )
  const w = p.add({ u: 'where', predicate: call('in', name('value'), number('9007199254740993')) }, f)
  return p.plan(p.add({ u: 'extend', items: [item(text('x'), 'y')] }, w))
}

describe('a plan as text', () => {
  it('comes back as the same plan', async () => {
    const { plan } = await bind(program(), contextOf())
    const back = decodePlan(encodePlan(plan))
    expect(printPlan(back)).toBe(printPlan(plan))
    expect(fingerprintPlan(back)).toBe(fingerprintPlan(plan))
  })

  it('is refused when it is none', () => {
    expect(() => decodePlan('{"version": 2}')).toThrow('no plan of version 1')
  })
})

describe('fingerprints', () => {
  it('do not see places nor the numbers of functions', () => {
    const moved = {
      ...program(7),
      nodes: program(7).nodes.map((node) => ({ ...node, at: { ...node.at, line: node.at.line + 5 } })),
    }
    expect(fingerprintUnbound(moved)).toBe(fingerprintUnbound(program()))
    expect(fingerprintUnbound(program())).toMatch(/^[0-9a-f]{16}$/)
  })

  it('see operations, function sources and the values of parameters', () => {
    const plain = fingerprintUnbound(program())
    const other = program()
    const form = { ...other.nodes[1].form, fn: ref('f', { sourceHash: 'y' }) } as (typeof other.nodes)[1]['form']
    const changed = { ...other, nodes: other.nodes.map((node, i) => (i === 1 ? { ...node, form } : node)) }
    expect(fingerprintUnbound(changed)).not.toBe(plain)
    expect(fingerprintUnbound(program(), new Map([['day', 1]]))).not.toBe(plain)
    expect(fingerprintUnbound({ ...other, outputs: [] })).not.toBe(plain)
  })
})
