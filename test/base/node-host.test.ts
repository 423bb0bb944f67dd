import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeHost } from '../../src/base/node-host.ts'

describe('nodeHost', () => {
  const { disk, clock, random } = nodeHost()
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-host-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('writes, reads back, renames and removes files', () => {
    const path = join(folder, 'a')
    const file = disk.create(path)
    file.write(new TextEncoder().encode('hello '))
    file.write(new TextEncoder().encode('world'))
    file.sync()
    file.close()
    file.close()
    expect(() => disk.create(path)).toThrow(expect.objectContaining({ code: 'EEXIST' }))
    disk.rename(path, join(folder, 'b'))
    disk.syncDirectory(folder)
    expect(disk.stat(path)).toBeUndefined()
    expect(disk.stat(join(folder, 'b'))).toMatchObject({ sizeBytes: 11, isDirectory: false })
    const reader = disk.openRead(join(folder, 'b'))
    const target = new Uint8Array(8)
    expect(reader.read(target, 1, 5, 6)).toBe(5)
    expect(new TextDecoder().decode(target.subarray(1, 6))).toBe('world')
    expect(reader.read(target, 0, 8, 11)).toBe(0)
    reader.close()
    const more = disk.append(join(folder, 'b'))
    more.write(Buffer.from('!'))
    more.close()
    expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('hello world!')
    disk.makeDirectory(join(folder, 'x/y'))
    expect([...disk.list(folder)].sort()).toEqual(['b', 'x'])
    disk.remove(join(folder, 'x'))
    disk.remove(join(folder, 'x'))
    expect(disk.list(folder)).toEqual(['b'])
  })

  it('removes a folder only when nothing is in it', () => {
    disk.makeDirectory(join(folder, 'x/y'))
    disk.removeEmptyDirectory(join(folder, 'x'))
    expect(disk.list(folder)).toEqual(['x'])
    disk.removeEmptyDirectory(join(folder, 'x/y'))
    disk.removeEmptyDirectory(join(folder, 'x'))
    disk.removeEmptyDirectory(join(folder, 'x'))
    expect(disk.list(folder)).toEqual([])
  })

  it.runIf(process.platform === 'linux')('reports a full disk as RESOURCE_DISK_FULL', () => {
    const file = disk.append('/dev/full')
    expect(() => file.write(new Uint8Array(10))).toThrow(expect.objectContaining({ code: 'RESOURCE_DISK_FULL' }))
    file.close()
  })

  it('has a clock in milliseconds and one in microseconds, and 32 random bits', () => {
    expect(clock.nowMs()).toBeLessThanOrEqual(clock.nowMs())
    expect(Math.abs(clock.wallTimeUs() / 1000 - Date.now())).toBeLessThan(5000)
    const bits = random.uint32()
    expect(bits).toBe(bits >>> 0)
  })
})
