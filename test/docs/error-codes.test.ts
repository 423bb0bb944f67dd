import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { errorCodes } from '../../src/base/error-codes.ts'

it('documents only codes that can occur', () => {
  const root = join(import.meta.dirname, '../..')
  const files = globSync(['src/**/*.ts', 'bin/*.cjs'], { cwd: root }).filter((file) => !file.endsWith('error-codes.ts'))
  const code = files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n')
  expect(Object.keys(errorCodes).filter((name) => !code.includes(name))).toEqual([])
})
