import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { generatedDocs } from '../../scripts/generate-docs.ts'

it('the generated parts of the documentation are up to date (npm run docs:generate)', async () => {
  for (const [path, text] of await generatedDocs()) {
    expect(text, path).toBe(readFileSync(join(import.meta.dirname, '../..', path), 'utf8'))
  }
})
