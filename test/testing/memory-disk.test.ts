import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../src/testing/memory-disk.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (disk: MemoryDisk, path: string): string => new TextDecoder().decode(disk.read(path))
/** Power cuts of which the first number says how much of what was not synced is left: 0 nothing, 0.99 all. */
const keeping = (share: number) => (): number => share
const numbers = (...list: number[]) => {
  let at = 0
  return (): number => list[at++ % list.length]
}

function diskWithFile(): MemoryDisk {
  const disk = new MemoryDisk(() => 0)
  disk.put('/a/old', bytes('old'))
  return disk
}

describe('after a power cut', () => {
  it('nothing is left of a file whose name was not synced', () => {
    const disk = diskWithFile()
    const file = disk.create('/a/new')
    file.write(bytes('new'))
    file.sync()
    expect(disk.files()).toEqual(['/a/new', '/a/old'])
    expect(disk.afterPowerCut(keeping(0)).files()).toEqual(['/a/old'])
    disk.syncDirectory('/a')
    expect(textOf(disk.afterPowerCut(keeping(0)), '/a/new')).toBe('new')
  })

  it('a file whose bytes were not synced may be empty, whole or torn at a sector', () => {
    const disk = diskWithFile()
    disk.create('/a/new').write(bytes('x'.repeat(512) + 'y'.repeat(512)))
    disk.syncDirectory('/a')
    expect(textOf(disk.afterPowerCut(keeping(0)), '/a/new')).toBe('')
    expect(textOf(disk.afterPowerCut(keeping(0.99)), '/a/new')).toHaveLength(1024)
    // Half is kept, the write is there, torn, its first sector lost and its second one not.
    expect(textOf(disk.afterPowerCut(numbers(0.3, 0.1, 0.1, 0.9, 0.1)), '/a/new')).toBe('\0'.repeat(512) + 'y'.repeat(512))
  })

  it('a rename has happened or has not', () => {
    const disk = diskWithFile()
    disk.rename('/a/old', '/a/new')
    expect(disk.afterPowerCut(keeping(0)).files()).toEqual(['/a/old'])
    expect(disk.afterPowerCut(keeping(0.99)).files()).toEqual(['/a/new'])
  })

  it('what was removed may be back', () => {
    const disk = diskWithFile()
    disk.remove('/a')
    expect(disk.files()).toEqual([])
    expect(disk.afterPowerCut(keeping(0)).files()).toEqual(['/a/old'])
  })

  it('the disk goes on by itself', () => {
    const disk = diskWithFile()
    const left = disk.afterPowerCut(keeping(0))
    left.append('/a/old').write(bytes('er'))
    expect(textOf(left, '/a/old')).toBe('older')
    expect(textOf(disk, '/a/old')).toBe('old')
  })
})
