import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { breaches } from '../planner/explain/json-schema.ts'
import { cli, project } from './cli.ts'

const schema = JSON.parse(readFileSync(new URL('../../docs/events.schema.json', import.meta.url), 'utf8'))
const rows = Array.from({ length: 40_000 }, (_, i) => `${(i * 7919) % 40_000},name of number ${i}`)
const files = {
  'in.csv': `k,name\n${rows.join('\n')}\n`,
  'sort.flow':
    "param token string = ''\nfrom csv('in.csv') |> where name != @token |> order by k |> write csv('out.csv', mode => 'overwrite')",
  'fail.flow': "from csv('in.csv') |> select 1 / (k - 17) as x",
}

type Event = { run: string; atMs: number; event: string } & Record<string, unknown>

function eventsIn(cwd: string): Event[] {
  const events = readFileSync(join(cwd, 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Event)
  for (const event of events) expect(breaches(event, schema), JSON.stringify(event)).toEqual([])
  return events
}

const args = (...more: string[]): string[] => ['run', ...more, '--events', 'events.jsonl', '--quiet']

it('tells a run from its start to its end, by the schema, and without values of parameters', async () => {
  const cwd = project(files)
  const options = ['--mode', 'serial', '--workers', '2', '--memory', '4MB', '--param', 'token=hunter2']
  expect(await cli(args('sort.flow', ...options), { cwd })).toMatchObject({ code: 0, stderr: '' })
  expect(readFileSync(join(cwd, 'events.jsonl'), 'utf8')).not.toContain('hunter2')
  const events = eventsIn(cwd)
  const names = events.map(({ event }) => event)
  expect(names.slice(0, 2)).toEqual(['runStarted', 'plan'])
  expect(names.at(-1)).toBe('runEnded')
  expect(names.at(-2)).toBe('commit')
  expect(events[0]).toMatchObject({ program: 'sort.flow', params: ['token'], workers: 2, mode: 'serial' })
  expect(events.at(-1)).toMatchObject({ status: 'succeeded', rowsRead: 40_000, rowsOut: 40_000, retries: 0 })
  expect(names).toContain('spill')
  const attempts = (event: string): string[] =>
    events.filter((one) => one.event === event).map(({ stage, task, attempt }) => `${stage}/${task}/${attempt}`)
  expect(attempts('taskStarted').sort()).toEqual(attempts('taskEnded').sort())
  const plan = events[1] as unknown as { stages: { stage: number }[] }
  const stages = plan.stages.map(({ stage }) => stage)
  for (const event of ['stageStarted', 'stageEnded']) {
    expect(
      events
        .filter((one) => one.event === event)
        .map(({ stage }) => stage)
        .sort(),
    ).toEqual(stages)
  }
})

it('tells how many rows failed and were left out', async () => {
  const cwd = project(files)
  expect((await cli(args('fail.flow', '--on-error', 'skip'), { cwd })).code).toBe(0)
  expect(eventsIn(cwd).at(-1)).toMatchObject({ event: 'runEnded', rowsRead: 40_000, rowsFailed: 1 })
})

it('tells how a run failed, and adds to what the file holds', async () => {
  const cwd = project(files)
  expect((await cli(args('sort.flow'), { cwd })).code).toBe(0)
  expect((await cli(args('fail.flow'), { cwd })).code).toBe(1)
  const events = eventsIn(cwd)
  const runs = [...new Set(events.map(({ run }) => run))]
  expect(runs).toHaveLength(2)
  const second = events.filter(({ run }) => run === runs[1])
  expect(second.find(({ event }) => event === 'taskFailed')).toMatchObject({ code: 'RUN_DIVISION_BY_ZERO' })
  expect(second.at(-1)).toMatchObject({ event: 'runEnded', status: 'failed', code: 'RUN_DIVISION_BY_ZERO' })
})

it.each([
  { what: 'a folder that is not there', path: 'nowhere/events.jsonl' },
  { what: 'a folder', path: '.' },
])('refuses $what before anything runs', async ({ path }) => {
  const cwd = project(files)
  const { code, stderr } = await cli(['run', 'sort.flow', '--events', path], { cwd })
  expect(code).toBe(4)
  expect(stderr).toContain(`error SINK_UNWRITABLE: cannot write events to '${path}'`)
  expect(existsSync(join(cwd, 'out.csv'))).toBe(false)
})

it('ends the run when the events cannot be written any more', async () => {
  const cwd = project(files)
  writeFileSync(join(cwd, 'out.csv'), 'older')
  const { code, stderr } = await cli(['run', 'sort.flow', '--events', '/dev/full'], { cwd })
  expect(code).toBe(5)
  expect(stderr).toContain('error RESOURCE_DISK_FULL')
  expect(readFileSync(join(cwd, 'out.csv'), 'utf8')).toBe('older')
})
