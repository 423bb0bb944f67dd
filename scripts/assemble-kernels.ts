import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import wabt from 'wabt'

const folder = join(import.meta.dirname, '../src/runtime/wasm')

/** The file that holds the assembled kernels: `npm run wasm` writes it, a test compares it. */
export async function kernelsCode(): Promise<string> {
  const assembler = await wabt()
  const module = assembler.parseWat('kernels.wat', readFileSync(join(folder, 'kernels.wat'), 'utf8'))
  module.validate()
  const bytes = Buffer.from(module.toBinary({}).buffer)
  return `// Made from kernels.wat by \`npm run wasm\`.\nexport const kernelsCode =\n  '${bytes.toString('base64')}'\n`
}

if (import.meta.main) writeFileSync(join(folder, 'kernels-code.ts'), await kernelsCode())
