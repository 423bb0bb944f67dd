import { describe, expect, it } from 'vitest'
import { types } from '../../src/data/type.ts'
import { bind } from '../../src/dsl/bind/bind.ts'
import type { LogicalNode, Plan } from '../../src/ir/logical.ts'
import { validatePlan } from '../../src/ir/validate.ts'
import { at, call, contextOf, countAll, field, item, name, number, Program } from '../dsl/bind/fixtures.ts'

/** source 0, filter 1, source 2, join 3, aggregate 4, project 5, sort 6. */
async function examplePlan(): Promise<Plan> {
  const p = new Program()
  const l = p.add({ u: 'where', predicate: call('greater', name('a'), number(0)) }, p.table('a int64, b string', 'l'))
  const r = p.table('a int64', 'r')
  const j = p.add({ u: 'join', kind: 'inner', on: call('equal', field('l', 'a'), field('r', 'a')) }, l, r)
  const g = p.add({ u: 'aggregate', items: [item(call('add', countAll, number(1)), 'n')], by: [item(name('b'))] }, j)
  const o = p.add({ u: 'orderBy', keys: [{ value: name('n'), desc: false }] }, g)
  return (await bind(p.plan(o), contextOf())).plan
}

function changed(plan: Plan, id: number, change: (node: LogicalNode) => object): Plan {
  return { ...plan, nodes: plan.nodes.map((node) => (node.id === id ? ({ ...node, ...change(node) } as LogicalNode) : node)) }
}

describe('validatePlan', () => {
  it('takes what bind makes', async () => {
    expect(() => examplePlan()).not.toThrow()
  })

  it('finds each kind of malformed plan', async () => {
    const plan = await examplePlan()
    const problems: [Plan, string][] = [
      [{ ...plan, nodes: plan.nodes.toReversed() }, 'which no earlier node has'],
      [{ ...plan, nodes: [...plan.nodes, plan.nodes[0]] }, 'two nodes have the id 0'],
      [{ ...plan, nextNode: 1 }, 'is not below nextNode 1'],
      [{ ...plan, nextColumn: 1 }, 'is not below nextColumn 1'],
      [{ ...plan, outputs: [{ name: 'x', port: { node: 77, out: 0 } }] }, "output 'x' is port 77.0"],
      [
        changed(plan, 1, () => ({ predicate: { e: 'column', column: 1, type: types.string, nullable: false } })),
        'a predicate of node 1 (filter) is string',
      ],
      [
        changed(plan, 1, () => ({ predicate: { e: 'column', column: 55, type: types.bool, nullable: false } })),
        'reads column 55',
      ],
      [changed(plan, 1, () => ({ inputs: [] })), 'has 0 inputs, expected 1'],
      [changed(plan, 1, (node) => ({ outputs: [{ ...node.outputs[0], fields: [] }] })), 'node 1 (filter) puts out columns'],
      [changed(plan, 1, (node) => ({ outputs: [{ ...node.outputs[0], keys: [9] }] })), 'has a key column 9'],
      [changed(plan, 3, () => ({ on: [] })), 'node 3 (join) has no equality'],
      [changed(plan, 3, (node) => ({ inputs: node.inputs.toReversed() })), 'node 3 (join) reads column'],
    ]
    for (const [broken, message] of problems) expect(() => validatePlan(broken)).toThrow(message)
  })

  it('blames itself, not the user', async () => {
    const plan = await examplePlan()
    expect(() => validatePlan({ ...plan, nextNode: 1 })).toThrow(expect.objectContaining({ code: 'BUG_INVARIANT' }))
  })

  it('lets retractions into linear operators only', async () => {
    const plan = await examplePlan()
    const zset = changed(plan, 0, (node) => ({ outputs: [{ ...node.outputs[0], changes: 'zset' }] }))
    expect(() => validatePlan(zset)).not.toThrow()
    const further = changed(zset, 1, (node) => ({ outputs: [{ ...node.outputs[0], changes: 'zset' }] }))
    expect(() => validatePlan(further)).toThrow(
      expect.objectContaining({ code: 'PLAN_WEIGHTS', details: expect.objectContaining({ at: { ...at, line: 4 } }) }),
    )
  })
})
