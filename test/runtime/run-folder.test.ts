import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { nodeHost } from '../../src/base/node-host.ts'
import { removeEmptyRunFolders } from '../../src/runtime/run-folder.ts'
import { tempFolder } from './plans.ts'

const child = fileURLToPath(new URL('./run-folders-child.ts', import.meta.url))
const runsIn = (project: string): string => join(project, '.millrace', 'runs')

it('leaves no empty folders behind, but everything that is in one', () => {
  const project = tempFolder()
  const host = nodeHost()
  removeEmptyRunFolders(host, runsIn(project))
  mkdirSync(join(runsIn(project), 'r1'), { recursive: true })
  removeEmptyRunFolders(host, runsIn(project))
  expect(readdirSync(runsIn(project))).toEqual(['r1'])
  host.disk.remove(join(runsIn(project), 'r1'))
  writeFileSync(join(project, '.millrace', 'stats'), '')
  removeEmptyRunFolders(host, runsIn(project))
  expect(readdirSync(join(project, '.millrace'))).toEqual(['stats'])
  host.disk.remove(join(project, '.millrace', 'stats'))
  removeEmptyRunFolders(host, runsIn(project))
  expect(readdirSync(project)).toEqual([])
})

it('never takes the folder from under a run that starts at the same moment', async () => {
  const project = tempFolder()
  const ends = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const process_ = spawn(process.execPath, [child, project, '150'], { stdio: ['ignore', 'ignore', 'pipe'] })
      let stderr = ''
      process_.stderr.setEncoding('utf8').on('data', (text) => {
        stderr += text
      })
      const [code] = await once(process_, 'close')
      return { code, stderr }
    }),
  )
  expect(ends).toEqual(Array(3).fill({ code: 0, stderr: '' }))
  expect(existsSync(join(project, '.millrace'))).toBe(false)
})
