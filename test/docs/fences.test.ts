import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Fence, parseFences } from './parse-fences.ts'

const root = join(import.meta.dirname, '../..')
const launcher = join(root, 'bin/millrace.cjs')
const folders = mkdtempSync(join(tmpdir(), 'millrace-docs-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))

const pages = ['README.md', ...readdirSync(join(root, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : []))]

describe.each(pages)('%s', (page) => {
  const fences = parseFences(readFileSync(join(root, page), 'utf8'))
  const cwd = pageFolder(page)
  for (const fence of fences) {
    if (fence.file !== undefined) writeFileSync(join(cwd, fence.file), `${fence.text}\n`)
    else if (fence.language === 'ts') writeFileSync(join(cwd, scriptName(fence)), `${fence.text}\n`)
  }
  for (const fence of fences) {
    const command = commandOf(fence)
    if (command !== undefined) it(`line ${fence.line} does what it says`, () => checkFence(fence, command, cwd))
  }
  it.runIf(fences.some(({ language }) => language === 'ts'))('its TypeScript compiles against the package', () => {
    writeFileSync(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    const { stdout, status } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', cwd], {
      encoding: 'utf8',
    })
    expect(stdout).toBe('')
    expect(status).toBe(0)
  })
})

const compilerOptions = {
  target: 'es2023',
  module: 'nodenext',
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
  types: ['node'],
  typeRoots: [join(root, 'node_modules/@types')],
}

/** A project as a user has it: the examples, the package, and what the page's blocks leave. */
function pageFolder(page: string): string {
  const cwd = join(folders, page.replaceAll('/', '-'))
  mkdirSync(join(cwd, 'node_modules'), { recursive: true })
  symlinkSync(root, join(cwd, 'node_modules/millrace'))
  cpSync(join(root, 'examples'), join(cwd, 'examples'), { recursive: true })
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name: 'page', type: 'module' }))
  return cwd
}

const scriptName = (fence: Fence): string => `line-${fence.line}.ts`

/** How a block is run; undefined for those that are not: files, outputs, commands of other programs. */
function commandOf(fence: Fence): ((cwd: string) => readonly string[]) | undefined {
  if (fence.file !== undefined) return undefined
  const format = fence.output?.language === 'jsonl' ? 'jsonl' : 'table'
  switch (fence.language) {
    case 'sql':
    case 'flow':
      return (cwd) => {
        writeFileSync(join(cwd, 'program.flow'), fence.text)
        return [launcher, 'run', 'program.flow', '--quiet', '--format', format]
      }
    case 'ts':
      if (!fence.text.includes('export default pipeline(')) return () => [scriptName(fence)]
      return () => [launcher, 'run', scriptName(fence), '--quiet', '--format', format]
    case 'sh':
      return fence.text.split('\n').some((line) => /^(npx )?millrace /.test(line)) ? () => [] : undefined
    default:
      return undefined
  }
}

const shellStart = `set -e
millrace() { "${process.execPath}" "${launcher}" "$@"; }
npx() { "$@"; }
npm() { :; }
`

function checkFence(fence: Fence, command: (cwd: string) => readonly string[], cwd: string): void {
  const args = command(cwd)
  const options = { cwd, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } } as const
  const { stdout, stderr, status } =
    fence.language === 'sh'
      ? spawnSync('bash', ['-c', shellStart + fence.text], options)
      : spawnSync(process.execPath, args, options)
  if (fence.error !== undefined) {
    expect(`${stdout}${stderr}`).toContain(fence.error)
    expect(status).not.toBe(0)
  } else expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' })
  if (fence.output === undefined) return
  const printed = fence.error !== undefined && stdout === '' ? stderr : stdout
  const arranged = (text: string): string => (fence.output?.unordered ? text.split('\n').sort().join('\n') : text)
  expect(arranged(printed.trimEnd())).toBe(arranged(fence.output.text.trimEnd()))
}
