import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cli, leftovers, project, type RunningCli, startCli } from '../cli/cli.ts'

const signals = ['SIGINT', 'SIGTERM'] as const

/** Does the process handle the signal itself? Node.js lets a signal have its default action after its last listener has gone. */
function isCaught({ child }: RunningCli, signal: (typeof signals)[number]): boolean {
  const path = `/proc/${child.pid}/status`
  const mask = existsSync(path) ? /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(path, 'utf8'))?.[1] : undefined
  if (mask === undefined) return false
  return ((BigInt(`0x${mask}`) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n
}

const begins = "import { writeFileSync } from 'node:fs'\n"
const never = "writeFileSync('begun', ''); for (;;);"
const files = {
  'in.csv': `text\n${'a'.repeat(40)}b\n`,
  'module.ts': `${begins}${never}\n`,
  'declared.ts': `${begins}import { csv, pipeline } from 'millrace'
export default pipeline('p', {}, (p) =>
  p.read(csv('in.csv')).map((): { n: number } => { ${never} return { n: 1 } }, { returns: { n: 'int64' } }).write(csv('out.csv')))
`,
  'sampled.ts': `${begins}import { csv, pipeline } from 'millrace'
export default pipeline('p', {}, (p) => p.read(csv('in.csv')).map((): { n: number } => { ${never} return { n: 1 } }).write(csv('out.csv')))
`,
  'pattern.flow': "from csv('in.csv') |> where regexp_contains(text, r'^(a+)+$') |> write csv('out.csv')\n",
}

describe.each(signals)('%s', (signal) => {
  it.each([
    ['a module is loaded', ['run', 'module.ts']],
    ['a module is loaded to be checked', ['check', 'module.ts']],
    ['a closure is tried', ['run', 'sampled.ts']],
    ['a closure is tried to explain it', ['explain', 'sampled.ts']],
  ])('ends the process while %s that never comes back', async (_, args) => {
    const folder = project(files)
    const run = startCli(args, { cwd: folder })
    await run.until(() => existsSync(join(folder, 'begun')), 'the endless loop')
    run.child.kill(signal)
    expect(await run.ended).toMatchObject({ signal, stdout: '', stderr: '' })
    expect(readdirSync(folder)).not.toContain('out.csv')
  })

  it.each([
    ['closure', 'declared.ts'],
    ['pattern', 'pattern.flow'],
  ])('ends an inline run whose %s never comes back, the second one at the latest', async (_, program) => {
    const folder = project(files)
    const run = startCli(['run', program, '--backend', 'inline'], { cwd: folder })
    await run.until(() => readdirSync(folder).some((name) => name.endsWith('.part')), 'the run')
    run.child.kill(signal)
    await run.until(() => !isCaught(run, signal), 'the release of signals')
    run.child.kill(signal)
    expect(await run.ended).toMatchObject({ signal, stdout: '', stderr: '' })
    // Nothing could be cleaned up; the next start does that.
    await cli(['query', '-e', "from csv('in.csv')"], { cwd: folder })
    expect(readdirSync(folder)).not.toContain('out.csv')
    expect(leftovers(folder)).toEqual([])
  })
})
