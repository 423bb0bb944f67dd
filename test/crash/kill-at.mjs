/**
 * Loaded before a command (`node --import`): kills the process at one call of the disk. `KILL_AT` is `CALL NUMBER PATTERN`: at the n-th write, sync, rename,
 * create or remove (or `any` of them) of a path that matches. Of a write half the bytes reach the file first.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const [wanted, count, pattern = ''] = (process.env.KILL_AT ?? 'none 0').split(' ')
const matches = new RegExp(pattern)
const paths = new Map()
let seen = 0

function reached(call, path) {
  const isHere = /\.(millrace|part|probe)|out/.test(path) && (wanted === 'any' || wanted === call) && matches.test(path)
  return isHere && ++seen === Number(count)
}

function kill() {
  process.kill(process.pid, 'SIGKILL')
  // The signal arrives while this waits.
  for (;;);
}

const { openSync, writeSync, fsyncSync, renameSync, rmSync, mkdirSync } = fs
fs.openSync = (path, flags, ...more) => {
  if (flags === 'wx' && reached('create', String(path))) kill()
  const handle = openSync(path, flags, ...more)
  paths.set(handle, String(path))
  return handle
}
fs.writeSync = (handle, data, offset, length, ...more) => {
  if (!reached('write', paths.get(handle) ?? '')) return writeSync(handle, data, offset, length, ...more)
  writeSync(handle, data, offset, length >> 1)
  kill()
}
fs.fsyncSync = (handle) => (reached('sync', paths.get(handle) ?? '') ? kill() : fsyncSync(handle))
fs.renameSync = (from, to) => (reached('rename', String(to)) ? kill() : renameSync(from, to))
fs.rmSync = (path, ...more) => (reached('remove', String(path)) ? kill() : rmSync(path, ...more))
fs.mkdirSync = (path, ...more) => (reached('create', String(path)) ? kill() : mkdirSync(path, ...more))
syncBuiltinESMExports()

// Tells how many calls there were.
if (process.env.COUNT_CALLS !== undefined) process.on('exit', () => fs.writeFileSync(process.env.COUNT_CALLS, String(seen)))
