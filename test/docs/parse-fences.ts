/** A fenced block of a page. */
export interface Fence {
  language: string
  text: string
  /** Line of the opening fence. */
  line: number
  /** `file=NAME`: kept under this name for later blocks, not run by itself. */
  file?: string
  /** `error CODE`: it must fail with this code. */
  error?: string
  /** Of an output: rows may come in any order. */
  unordered: boolean
  /** What it prints: the text of a `text` or `jsonl` block that follows with nothing but an empty line between. */
  output?: Fence
}

/** All fenced blocks of a page; outputs are attached to what prints them. */
export function parseFences(page: string): Fence[] {
  const lines = page.split('\n')
  const fences: Fence[] = []
  let lastEnd = -1
  for (let at = 0; at < lines.length; at++) {
    const opening = /^```(\w+)\s*(.*)$/.exec(lines[at])
    if (opening === null) {
      if (lines[at].trim() !== '') lastEnd = -1
      continue
    }
    const start = at + 1
    while (lines[++at] !== '```') if (at >= lines.length) throw new Error(`the block of line ${start} has no end`)
    const fence = fenceOf(opening[1], opening[2], lines.slice(start, at).join('\n'), start)
    const producer = fences.at(-1)
    if (outputLanguages.has(fence.language) && lastEnd >= 0 && producer !== undefined) producer.output = fence
    else fences.push(fence)
    lastEnd = outputLanguages.has(fence.language) ? -1 : at
  }
  return fences
}

const outputLanguages: ReadonlySet<string> = new Set(['text', 'jsonl'])

function fenceOf(language: string, info: string, text: string, line: number): Fence {
  const words = info.split(/\s+/)
  const error = words.indexOf('error')
  return {
    language,
    text,
    line,
    file: words.find((word) => word.startsWith('file='))?.slice('file='.length),
    error: error < 0 ? undefined : words[error + 1],
    unordered: words.includes('unordered'),
  }
}
