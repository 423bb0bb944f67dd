/** One test of a `.flowtest` file: a title, files and tables it needs, a program, and what comes out. */
export interface FlowBlock {
  title: string
  line: number
  /** `escaped` files spell line ends and bytes. */
  files: readonly { name: string; text: string; escaped: boolean }[]
  tables?: string
  params: readonly string[]
  program: string
  /** Expected rows by output; the name '' is the last output. */
  results: readonly { name: string; text: string }[]
  /** Expected text of files that the program writes. */
  written: readonly { name: string; text: string }[]
  error: string | undefined
  plan: string | undefined
  /** Run it on workers too, threads and processes. */
  threads: boolean
}

interface Section {
  head: string
  lines: string[]
}

const known = /^(program|result|error|plan|tables|params|threads|(file|escaped|written|result) .+)$/

/**
 * Reads a `.flowtest` file. A block starts with `==== title`; its sections start with `---- file NAME`, `---- tables` (JSON), `---- params`,
 * `---- escaped NAME` (a file whose line ends are written `\n`), `---- program`, `---- threads`, and what is expected: `---- result [OUTPUT]` (header `name type, ...`, then JSON arrays), `---- written FILE`,
 * `---- error` (code, then parts of what is shown, one a line) and `---- plan` (the optimised plan). A block called `shared` is no test: its
 * files and tables are there for all blocks below it.
 */
export function parseBlocks(text: string): FlowBlock[] {
  const blocks: { title: string; line: number; sections: Section[] }[] = []
  text.split('\n').forEach((line, index) => {
    if (line.startsWith('==== ')) blocks.push({ title: line.slice(5).trim(), line: index + 1, sections: [] })
    else if (line.startsWith('---- ')) blocks.at(-1)?.sections.push({ head: line.slice(5).trim(), lines: [] })
    else blocks.at(-1)?.sections.at(-1)?.lines.push(line)
  })
  let shared: readonly Section[] = []
  return blocks.flatMap(({ title, line, sections }) => {
    for (const { head } of sections) if (!known.test(head)) throw new Error(`line ${line}: unknown section '${head}'`)
    if (title === 'shared') shared = sections
    return title === 'shared' ? [] : [blockOf(title, line, [...sections, ...shared])]
  })
}

function blockOf(title: string, line: number, sections: readonly Section[]): FlowBlock {
  const textOf = (head: string): string | undefined =>
    sections
      .find((section) => section.head === head)
      ?.lines.join('\n')
      .trimEnd()
  const named = (kind: string): { name: string; text: string }[] =>
    sections
      .filter(({ head }) => head === kind || head.startsWith(`${kind} `))
      .map(({ head, lines }) => ({ name: head.slice(kind.length + 1), text: lines.join('\n').trimEnd() }))
  const withEnd = ({ name, text }: { name: string; text: string }) => ({ name, text: text === '' ? '' : `${text}\n` })
  const block: FlowBlock = {
    title,
    line,
    files: [
      ...named('file').map((file) => ({ ...withEnd(file), escaped: false })),
      ...named('escaped').map((file) => ({ ...file, escaped: true })),
    ],
    tables: textOf('tables'),
    params: (textOf('params') ?? '').split('\n').filter((param) => param !== ''),
    program: textOf('program') ?? '',
    results: named('result'),
    written: named('written').map(withEnd),
    error: textOf('error'),
    plan: textOf('plan'),
    threads: textOf('threads') !== undefined,
  }
  const expects = block.results.length + block.written.length > 0 || block.error !== undefined || block.plan !== undefined
  if (block.program === '' || !expects) throw new Error(`line ${line}: a block needs a program and what is expected of it`)
  return block
}
