import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { errorPage } from './docs/error-page.ts'
import { languageTables } from './docs/language-tables.ts'
import { thirdPartyNotices } from './docs/notices.ts'

/** The parts of the documentation that are made from the program itself: files by path, as they should be. */
export async function generatedDocs(): Promise<ReadonlyMap<string, string>> {
  const language = readFileSync(join(root, 'docs/language.md'), 'utf8')
  return new Map([
    ['THIRD-PARTY.txt', thirdPartyNotices()],
    ['docs/errors.md', errorPage()],
    ['docs/language.md', putIn(language, await languageTables())],
  ])
}

const root = join(import.meta.dirname, '..')

/** Replaces what stands between `<!-- generated NAME -->` and `<!-- end -->`. */
function putIn(page: string, sections: ReadonlyMap<string, string>): string {
  const used = new Set<string>()
  const filled = page.replace(
    /(<!-- generated (\S+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, start: string, name: string, end: string) => {
      const text = sections.get(name)
      if (text === undefined) throw new Error(`docs/language.md asks for '${name}', which is not generated`)
      used.add(name)
      return `${start}${text}\n${end}`
    },
  )
  const unused = [...sections.keys()].filter((name) => !used.has(name))
  if (unused.length > 0) throw new Error(`docs/language.md has no place for ${unused.join(', ')}`)
  return filled
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
  for (const [path, text] of await generatedDocs()) {
    const file = join(root, path)
    if (!values.check) writeFileSync(file, text)
    else if (readFileSync(file, 'utf8') !== text) {
      console.error(`${path} is out of date: npm run docs:generate`)
      process.exitCode = 1
    }
  }
}
