import { describe, expect, it } from 'vitest'
import { leftovers, project, shell } from './cli.ts'

const rows = Array.from({ length: 200_000 }, (_, n) => `${(n * 7919) % 200_003},${n} some text that takes room\n`).join('')
const query = (text: string, limit: number, options: string): string =>
  `ulimit -n ${limit}; millrace query -e "${text}" --memory 6MB --quiet --format csv ${options}`
const groups = "from csv('in.csv') |> aggregate count(*) as n group by k, v |> aggregate count(*) as c"

describe('a run that may have few files open', () => {
  it.each([
    ['groups', groups],
    ['a sort', "from csv('in.csv') |> order by v |> limit 190000 |> aggregate count(*) as c"],
    ['a join', "let a = from csv('in.csv')\nfrom a |> join a as b on a.v = b.v |> aggregate count(*) as c"],
  ])('spills many files for %s and has few of them open', async (_, text) => {
    const folder = project({ 'in.csv': `k,v\n${rows}` })
    const result = await shell(query(text, 40, '--backend inline'), { cwd: folder })
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toMatch(/^c\n(200000|190000)\n$/)
  })

  it('says so when a worker cannot start', async () => {
    const folder = project({ 'in.csv': `k,v\n${rows}` })
    const result = await shell(query(groups, 28, '--workers 4'), { cwd: folder })
    expect(result).toMatchObject({ code: 5, stdout: '' })
    expect(result.stderr).toContain('error RESOURCE_OPEN_FILES: ')
    expect(result.stderr).toContain('help: raise the limit with ulimit -n')
    expect(leftovers(folder)).toEqual([])
  })
})
