import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { isAlive, ownMark } from '../../src/runtime/process-life.ts'

it('knows this process, and no other one of its number', () => {
  expect(isAlive(ownMark())).toBe(true)
  if (process.platform === 'linux') expect(isAlive({ pid: process.pid, started: '1' })).toBe(false)
})

it('takes a process that has ended for dead', () => {
  expect(isAlive({ pid: spawnSync(process.execPath, ['--version']).pid, started: '' })).toBe(false)
})
