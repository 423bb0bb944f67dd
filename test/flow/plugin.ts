import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vitest/config'
import { parseBlocks } from './parse-blocks.ts'

const runner = fileURLToPath(new URL('./run-block.ts', import.meta.url))

/** Turns a `.flowtest` file into a test module that keeps the file's lines, so that failures point into it. */
export function flowtestPlugin(): Plugin {
  return {
    name: 'flowtest',
    transform(source, id) {
      if (!id.endsWith('.flowtest')) return undefined
      const lines = source.split('\n').map(() => '')
      const imports = `import { it } from 'vitest'; import { runBlock } from ${JSON.stringify(runner)};`
      for (const block of parseBlocks(source)) {
        lines[block.line - 1] += `it(${JSON.stringify(block.title)}, () => runBlock(${JSON.stringify(block)}));`
      }
      const mappings = lines.map((_, i) => (i === 0 ? 'AAAA' : 'AACA')).join(';')
      lines[0] = imports + lines[0]
      return {
        code: lines.join('\n'),
        map: { version: 3, file: id, sources: [id], sourcesContent: [source], names: [], mappings },
      }
    },
  }
}
