import { type ErrorCode, errorCodes, exitCodeOf } from '../../src/base/error-codes.ts'

const areas: readonly (readonly [area: string, title: string, text: string])[] = [
  ['FLOW', 'The text of a program', 'Found while a `.flow` file is read; nothing has run.'],
  [
    'PLAN',
    'Names, types and plans',
    'Found while the program is checked; nothing has run. `millrace check` finds the same ones.',
  ],
  ['USAGE', 'How the command was called', 'Arguments, options, parameters and program files.'],
  ['DATA', 'Rows that are not as they should be', 'The message names the file, and the line or byte where it is known.'],
  ['SOURCE', 'Inputs', 'Files that are read.'],
  ['SINK', 'Outputs', 'Files that are written. Nothing is visible under its final name unless the whole run succeeded.'],
  ['RUN', 'While running', "Arithmetic, casts, the program's own functions, workers."],
  ['RESOURCE', 'Memory, disk and limits', 'The run needs more than it may have.'],
  ['BUG', 'Our own mistakes', 'Prints a stack trace; please report it with the program that shows it.'],
]

/** `docs/errors.md`: every code under a heading of its own, so that `errors.md#plan_unknown_column` leads to it. */
export function errorPage(): string {
  const parts = [
    '# Errors',
    '',
    'Made from `src/base/error-codes.ts` by `npm run docs:generate`. Codes are never renamed. An error has a code, a message, and where',
    'there is one a place and a hint; `--format json` prints them as JSON (see the [guide](guide.md#json-for-scripts)).',
    '',
    '| area | exit code | about |',
    '|---|---:|---|',
    ...areas.map(([area, title]) => `| [\`${area}_\`](#${anchorOf(title)}) | ${exitOf(area)} | ${title.toLowerCase()} |`),
    '',
    'A run that was interrupted by Ctrl-C ends with 130, by SIGTERM with 143.',
  ]
  for (const [area, title, text] of areas) {
    parts.push('', `## ${title}`, '', `${text} Exit code ${exitOf(area)}.`)
    for (const code of codesOf(area)) parts.push('', `### ${code}`, '', errorCodes[code])
  }
  return `${parts.join('\n')}\n`
}

const codesOf = (area: string): ErrorCode[] =>
  (Object.keys(errorCodes) as ErrorCode[]).filter((code) => code.startsWith(`${area}_`))
const exitOf = (area: string): number => exitCodeOf(codesOf(area)[0])
const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9 ]/g, '')
    .replaceAll(' ', '-')
