import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from './project.ts'

const runs = 5
const launcher = join(root, 'bin/millrace.cjs')
const folder = mkdtempSync(join(tmpdir(), 'millrace-start-'))
const reporter = join(folder, 'report-cpu.mjs')

beforeAll(() => {
  writeFileSync(join(folder, 'empty.mjs'), '')
  writeFileSync(join(folder, 'one.flow'), 'values (1) as t(a)\n')
  writeFileSync(
    reporter,
    `process.on('exit', () => { const { user, system } = process.cpuUsage(); process.stderr.write('cpu ' + (user + system)) })`,
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the start of the command line, beyond that of an empty node', () => {
  it('answers --version in 120 ms, since it loads nothing for it', () => {
    expect(cpuMs(launcher, '--version') - cpuMs('empty.mjs')).toBeLessThan(120)
  })

  it('parses, plans and runs a small query in 400 ms', () => {
    expect(cpuMs(launcher, 'run', 'one.flow', '--quiet') - cpuMs('empty.mjs')).toBeLessThan(400)
  })
})

/** Median CPU time of a Node.js program, told by itself at its end; wall time would count what else the machine does. */
function cpuMs(...args: readonly string[]): number {
  const measured = Array.from({ length: runs }, () => {
    const { stderr, status } = spawnSync(process.execPath, ['--import', reporter, ...args], { cwd: folder, encoding: 'utf8' })
    expect(status).toBe(0)
    return Number(/cpu (\d+)$/.exec(stderr)?.[1]) / 1000
  })
  return measured.sort((a, b) => a - b)[runs >> 1]
}
