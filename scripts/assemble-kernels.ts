import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import wabt from 'wabt'

const source = join(import.meta.dirname, '../src')
/** Each with the file of its code beside it. */
export const assemblies = [join(source, 'runtime/wasm/kernels'), join(source, 'io/wasm/scan')] as const

/** The file that holds an assembly's code: `npm run wasm` writes it, a test compares it. */
export async function codeOf(assembly: string): Promise<string> {
  const name = basename(assembly)
  const assembler = await wabt()
  const module = assembler.parseWat(`${name}.wat`, readFileSync(`${assembly}.wat`, 'utf8'), { simd: true })
  module.validate()
  const bytes = Buffer.from(module.toBinary({}).buffer)
  return `// Made from ${name}.wat by \`npm run wasm\`.\nexport const ${name}Code =\n  '${bytes.toString('base64')}'\n`
}

if (import.meta.main) for (const assembly of assemblies) writeFileSync(`${assembly}-code.ts`, await codeOf(assembly))
