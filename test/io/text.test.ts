import { appendFileSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BytesColumn } from '../../src/data/column.ts'
import { rowsOf } from '../../src/data/read.ts'
import { textSource } from '../../src/io/text.ts'
import { describeSource, host, readItems, readRows, tempFolder } from './read-all.ts'

describe('text source', () => {
  const folder = tempFolder()
  const write = (content: string | Uint8Array, name = 'a.txt') => writeFileSync(join(folder.path, name), content)
  const lines = async (splitBytes?: number, limit?: number) =>
    (await readRows(textSource, { path: 'a.txt' }, { cwd: folder.path, splitBytes, limit })).map(([line]) => line)

  it.each([
    ['', []],
    ['\n', ['']],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\n\nb', ['a', '', 'b']],
    ['a\r\nb\r\n\r\n', ['a', 'b', '']],
    ['a\rb\r', ['a\rb\r']],
    ['\r\r\n\r', ['\r', '\r']],
    ['\ufeffa\n\ufeffb', ['a', '\ufeffb']],
    ['\ufeff', []],
    ['grüße\n🎉', ['grüße', '🎉']],
  ])('reads %j', async (content, expected) => {
    write(content)
    expect(await lines()).toEqual(expected)
  })

  it('gives every line once, however the file is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(fc.string({ unit: fc.constantFrom('a', 'é', '\r', '🎉'), maxLength: 9 }), fc.constant('x'.repeat(150))),
        ),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.integer({ min: 1, max: 40 }),
        async (parts, lineBreak, ended, splitBytes) => {
          write(parts.join(lineBreak) + (ended ? lineBreak : ''))
          const whole = await lines()
          const clean = parts.map((part) => (lineBreak === '\n' ? part.replace(/\r$/, '') : part))
          if (ended && parts.length > 0) expect(whole).toEqual(clean)
          expect(await lines(splitBytes)).toEqual(whole)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('cuts large files into batches and splits without losing a line', async () => {
    const expected: string[] = []
    for (let i = 0; i < 120_000; i++) expected.push(i % 997 === 0 ? 'y'.repeat(5000) : `line ${i} ${'w'.repeat(i % 90)}`)
    write(expected.join('\n'))
    const read = { cwd: folder.path }
    const { splits } = await describeSource(textSource, { path: 'a.txt' }, read)
    expect(splits.length).toBeGreaterThan(1)
    const items = await readItems(textSource, { path: 'a.txt' }, read)
    for (const item of items) if (!('barrier' in item)) expect(item.rowCount).toBeLessThanOrEqual(8192)
    expect(await lines()).toEqual(expected)
    expect(await lines(70_001)).toEqual(expected)
  })

  it('gives the same lines in arrays that are used again, to readers who let go of each batch before the next', async () => {
    const expected = Array.from({ length: 60_000 }, (_, i) =>
      i % 997 === 0 ? 'y'.repeat(300_000) : `line ${i} ${'w'.repeat(i % 90)}`,
    )
    write(expected.join('\n'))
    const described = await describeSource(textSource, { path: 'a.txt' }, { cwd: folder.path })
    const found: unknown[] = []
    const arrays = new Set<unknown>()
    let batches = 0
    for (const [splitIndex, split] of described.splits.entries()) {
      const { signal } = new AbortController()
      const request = { options: { path: 'a.txt' }, split, splitIndex, fields: described.schema, lent: true, host, signal }
      for (const item of textSource.read(request)) {
        if ('barrier' in item) continue
        batches++
        arrays.add((item.columns[0] as BytesColumn).data.buffer)
        for (const [line] of rowsOf(item)) found.push(line)
      }
    }
    expect(found.length).toBe(expected.length)
    expect(found.every((line, i) => line === expected[i])).toBe(true)
    expect(arrays.size).toBeLessThan(batches / 2)
  })

  it('counts rows without making the column', async () => {
    write('a\nb\nc')
    const items = await readItems(textSource, { path: 'a.txt' }, { cwd: folder.path, columns: [] })
    expect(items).toMatchObject([{ rowCount: 3, columns: [] }])
  })

  it('stops at a limit', async () => {
    write('a\nb\nc\nd')
    expect(await lines(undefined, 2)).toEqual(['a', 'b'])
  })

  it('names line and byte of text that is not UTF-8', async () => {
    write(Buffer.concat([Buffer.from('a\nüü'), Buffer.from([0x80]), Buffer.from('\nc\n')]))
    const error = {
      code: 'DATA_INVALID_UTF8',
      details: expect.objectContaining({ line: 2, byteOffset: 6, file: join(folder.path, 'a.txt') }),
    }
    await expect(lines()).rejects.toMatchObject(error)
    write(Buffer.concat([Buffer.from('aaaaaaaaa\nü'), Buffer.from([0xe2, 0x82])]))
    await expect(lines(4)).rejects.toMatchObject({ code: 'DATA_INVALID_UTF8', details: { line: 2, byteOffset: 12 } })
  })

  it('knows a gzip file', async () => {
    write(gzipSync('a\n'))
    const details = expect.objectContaining({ hint: 'this is a gzip file: unpack it first (gunzip)' })
    await expect(lines()).rejects.toMatchObject({ code: 'DATA_INVALID_UTF8', details })
  })

  it('refuses a line over 16 MB, and takes one of exactly 16 MB', async () => {
    const limit = 16 * 2 ** 20
    write(Buffer.concat([Buffer.from('a\n'), Buffer.alloc(limit, 'b'), Buffer.from('\nc')]))
    expect((await lines()).map((line) => (line as string).length)).toEqual([1, limit, 1])
    write(Buffer.concat([Buffer.from('a\n'), Buffer.alloc(limit + 1, 'b'), Buffer.from('\nc')]))
    await expect(lines()).rejects.toMatchObject({ code: 'DATA_LINE_TOO_LONG', details: { line: 2 } })
  })

  it('notices a file that changed after bind', async () => {
    write('a\nb\n')
    const described = await describeSource(textSource, { path: 'a.txt' }, { cwd: folder.path })
    const read = () => [
      ...textSource.read({
        options: {},
        split: described.splits[0],
        splitIndex: 0,
        fields: described.schema,
        host,
        signal: new AbortController().signal,
      }),
    ]
    expect(read()).toHaveLength(1)
    utimesSync(join(folder.path, 'a.txt'), 1, 1)
    expect(read).toThrow(expect.objectContaining({ code: 'SOURCE_CHANGED' }))
    appendFileSync(join(folder.path, 'a.txt'), 'c')
    expect(read).toThrow(expect.objectContaining({ code: 'SOURCE_CHANGED' }))
  })
})

describe('paths of sources', () => {
  const folder = tempFolder()
  const files = async (path: string) => {
    const described = await describeSource(textSource, { path }, { cwd: folder.path })
    return described.files?.map((file) => file.path.slice(folder.path.length + 1))
  }
  const touch = (...names: string[]) => {
    for (const name of names) {
      mkdirSync(join(folder.path, name, '..'), { recursive: true })
      writeFileSync(join(folder.path, name), name)
    }
  }

  it('expands stars, double stars and braces, sorted by bytes', async () => {
    touch('b.txt', 'a.txt', 'Z.txt', 'a.csv', '.hidden.txt', 'sub/c.txt', 'sub/deep/d.txt', 'sub/.git/e.txt')
    expect(await files('*.txt')).toEqual(['Z.txt', 'a.txt', 'b.txt'])
    expect(await files('**/*.txt')).toEqual(['Z.txt', 'a.txt', 'b.txt', 'sub/c.txt', 'sub/deep/d.txt'])
    expect(await files('sub/**')).toEqual(['sub/c.txt', 'sub/deep/d.txt'])
    expect(await files('{a,b}.{txt,csv}')).toEqual(['a.csv', 'a.txt', 'b.txt'])
    expect(await files('s*/{c,deep/d}.txt')).toEqual(['sub/c.txt', 'sub/deep/d.txt'])
    expect(await files('.h*')).toEqual(['.hidden.txt'])
    expect(await files(join(folder.path, 'a.txt'))).toEqual(['a.txt'])
  })

  it('takes the visible files of a folder', async () => {
    touch('d/part-1', 'd/_SUCCESS', 'd/.part', 'd/part-0', 'd/e/part-2')
    expect(await files('d')).toEqual(['d/part-0', 'd/part-1'])
  })

  it('takes a file whose name looks like a pattern as itself', async () => {
    touch('a{b,c}*.txt', 'ab.txt')
    expect(await files('a{b,c}*.txt')).toEqual(['a{b,c}*.txt'])
  })

  it('says where it looked, and what it may have been', async () => {
    touch('words.txt')
    await expect(files('wrods.txt')).rejects.toMatchObject({
      code: 'SOURCE_NOT_FOUND',
      message: "the file 'wrods.txt' does not exist",
      details: { hint: `did you mean 'words.txt'? looked in the working directory ${folder.path}` },
    })
    await expect(files('*.csv')).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND', message: "no file matches '*.csv'" })
    await expect(files('no/way/*.csv')).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
    await expect(files('')).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND', message: "expected a path to read, found ''" })
    mkdirSync(join(folder.path, 'empty'))
    await expect(files('empty')).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND', message: "the folder 'empty' has no files" })
  })
})
