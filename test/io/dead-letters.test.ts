import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { batchFromRows } from '../../src/data/read.ts'
import type { StagedPart } from '../../src/io/connector.ts'
import { deadLettersSink, letterFields } from '../../src/io/dead-letters.ts'
import { host, tempFolder } from './read-all.ts'

const folder = tempFolder()
const options = { path: 'bad.jsonl' }
const run = () => ({ host, cwd: folder.path, runId: 'r1' })
const target = (): string => join(folder.path, 'bad.jsonl')
const letters = (): string[] => readFileSync(target(), 'utf8').split('\n').slice(0, -1)

/** Stages the letters of a task: one for each message. */
function stage(partition: number, attempt: number, ...messages: string[]): StagedPart {
  const sink = deadLettersSink.open(options, { ...run(), fields: letterFields, partition, attempt })
  const rows = messages.map((message) =>
    letterFields.map(({ name }) =>
      name === 'code' ? 'RUN_CAST' : name === 'message' ? message : name === 'values' ? '{"a":1}' : null,
    ),
  )
  sink.write(batchFromRows(letterFields, rows))
  return sink.prepare()
}

describe('dead letters', () => {
  it('of all tasks become one file, with what is known of each row', () => {
    const parts = [stage(1, 1, 'a', 'b'), stage(7, 2, 'c')]
    deadLettersSink.commit(options, parts, run())
    expect(letters()).toEqual(['a', 'b', 'c'].map((message) => `{"code":"RUN_CAST","message":"${message}","values":{"a":1}}`))
    expect(readdirSync(folder.path)).toEqual(['bad.jsonl'])
  })

  it('are there as an empty file when no row failed, and its folder too', () => {
    deadLettersSink.commit({ path: 'new/bad.jsonl' }, [], run())
    expect(readFileSync(join(folder.path, 'new/bad.jsonl'), 'utf8')).toBe('')
  })

  it('of attempts that were lost are not among them', () => {
    stage(1, 1, 'lost')
    deadLettersSink.commit(options, [stage(1, 2, 'a')], run())
    expect(letters()).toHaveLength(1)
    expect(readdirSync(folder.path)).toEqual(['bad.jsonl'])
  })

  it('are the same when the commit is done again, wherever it had stopped', () => {
    const parts = [stage(1, 1, 'a'), stage(2, 1, 'b')]
    const whole = join(folder.path, '.bad.jsonl.r1.whole')
    writeFileSync(whole, 'half a file')
    deadLettersSink.commit(options, parts, run())
    const first = readFileSync(target(), 'utf8')
    deadLettersSink.commit(options, parts, run())
    expect(readFileSync(target(), 'utf8')).toBe(first)
    // The file had its name, and not all of the parts were removed.
    deadLettersSink.commit(options, [parts[0], stage(2, 1, 'b')], run())
    expect(readFileSync(target(), 'utf8')).toBe(first)
    expect(readdirSync(folder.path)).toEqual(['bad.jsonl'])
  })

  it('are taken back as a whole', () => {
    stage(1, 1, 'a')
    deadLettersSink.discard(options, run())
    expect(readdirSync(folder.path)).toEqual([])
  })

  it('that are gone before they had a name are missed', () => {
    const part = stage(1, 1, 'a')
    rmSync(part.path)
    expect(() => deadLettersSink.commit(options, [part], run())).toThrow(expect.objectContaining({ code: 'SINK_UNWRITABLE' }))
    expect(existsSync(target())).toBe(false)
  })

  it('replace earlier ones, or an empty file, and nothing else', () => {
    const check = (): void => deadLettersSink.check(options, { ...run(), fields: [] })
    check()
    writeFileSync(target(), '')
    check()
    writeFileSync(target(), '{"code":"RUN_CAST"}\n')
    check()
    writeFileSync(target(), '{"name":"mine"}\n')
    expect(check).toThrow(expect.objectContaining({ code: 'SINK_EXISTS' }))
    expect(() => deadLettersSink.check({ path: '.' }, { ...run(), fields: [] })).toThrow(
      expect.objectContaining({ code: 'SINK_UNWRITABLE' }),
    )
    rmSync(target())
    writeFileSync(join(folder.path, 'elsewhere.jsonl'), '')
    symlinkSync('elsewhere.jsonl', target())
    expect(check).toThrow(expect.objectContaining({ code: 'SINK_EXISTS' }))
  })
})
