import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

const program = `
import { batchFromRows } from './src/data/read.ts'
import { types } from './src/data/type.ts'
import { call, column, constant, project, runSegment, schemaOf, unnest } from './test/runtime/codegen/harness.ts'
const batch = batchFromRows([{ name: 'line', type: types.string, nullable: true }], [['a b'], [null]])
const split = call('split', types.array(types.string), column(0, types.string), constant(' ', types.string))
console.log(JSON.stringify(await runSegment([unnest(split), project(column(1, types.string))], [batch], { fields: schemaOf(types.string) })))
`

describe('segments', () => {
  it('are interpreted where code from strings is forbidden', () => {
    const args = ['--disallow-code-generation-from-strings', '--input-type=module', '-e', program]
    expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe('[["a"],["b"]]\n')
  })
})
