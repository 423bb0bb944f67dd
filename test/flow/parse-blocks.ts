/** One test of a `.flowtest` file: a title, files and tables it needs, a program, and what comes out. */
export interface FlowBlock {
  title: string
  line: number
  files: readonly { name: string; text: string }[]
  tables: string | undefined
  params: readonly string[]
  program: string
  result: string | undefined
  error: string | undefined
  plan: string | undefined
}

/**
 * Reads a `.flowtest` file. A block starts with `==== title`; its sections start with `---- file NAME`, `---- tables` (JSON), `---- params`,
 * `---- program`, and one of `---- result` (header `name type, ...`, then JSON arrays), `---- error` (code, then a part of the message) and
 * `---- plan` (the optimised plan).
 */
export function parseBlocks(text: string): FlowBlock[] {
  const blocks: { title: string; line: number; sections: { head: string; lines: string[] }[] }[] = []
  text.split('\n').forEach((line, index) => {
    if (line.startsWith('==== ')) blocks.push({ title: line.slice(5).trim(), line: index + 1, sections: [] })
    else if (line.startsWith('---- ')) blocks.at(-1)?.sections.push({ head: line.slice(5).trim(), lines: [] })
    else blocks.at(-1)?.sections.at(-1)?.lines.push(line)
  })
  return blocks.map(({ title, line, sections }) => {
    const textOf = (head: string): string | undefined => sections.find((section) => section.head === head)?.lines.join('\n').trimEnd()
    const known = /^(program|result|error|plan|tables|params|file .+)$/
    for (const { head } of sections) if (!known.test(head)) throw new Error(`line ${line}: unknown section '${head}'`)
    const block: FlowBlock = {
      title,
      line,
      files: sections
        .filter(({ head }) => head.startsWith('file '))
        .map(({ head, lines }) => ({ name: head.slice(5), text: `${lines.join('\n').trimEnd()}\n` })),
      tables: textOf('tables'),
      params: (textOf('params') ?? '').split('\n').filter((param) => param !== ''),
      program: textOf('program') ?? '',
      result: textOf('result'),
      error: textOf('error'),
      plan: textOf('plan'),
    }
    if (block.program === '' || (block.result === undefined && block.error === undefined && block.plan === undefined)) {
      throw new Error(`line ${line}: a block needs a program and a result, an error or a plan`)
    }
    return block
  })
}
