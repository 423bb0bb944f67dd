import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Packages whose code is part of dist; a test compares them with what the bundle holds. */
export const bundledPackages: readonly string[] = [
  '@chevrotain/gast',
  '@chevrotain/regexp-to-ast',
  '@chevrotain/utils',
  '@dagrejs/graphlib',
  'acorn',
  'chevrotain',
  'comlink',
  'commander',
  'picocolors',
]

/** `THIRD-PARTY.txt`: the licences of what is bundled, as they ask to be passed on. */
export function thirdPartyNotices(): string {
  const parts = bundledPackages.map((name) => {
    const folder = join(import.meta.dirname, '../../node_modules', name)
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      version: string
      license: string
    }
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
    if (file === undefined) throw new Error(`${name} has no licence file`)
    const text = readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim()
    return `${name} ${version} (${license})\n\n${license === 'Apache-2.0' ? apacheNotice(text) : text}`
  })
  return `The files in dist contain code of these packages.\n\n${parts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

// The project is under the same licence, so that its text is there once, in LICENSE.
function apacheNotice(text: string): string {
  const holders = text.match(/^ *Copyright (?:\(c\) )?\d.*$/gim) ?? []
  return [...holders.map((line) => line.trim()), 'Licensed under the Apache License, Version 2.0: see LICENSE.'].join('\n')
}
