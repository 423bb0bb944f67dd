import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { getCallSites } from 'node:util'
import { noPlace, type Place } from '../base/place.ts'

// Everything under this folder is ours: src when the sources run, dist when the bundle does.
const here = dirname(fileURLToPath(import.meta.url))
const packageFolder = here.endsWith('dsl') ? dirname(here) : here

/** Where the user called: the first frame outside this package. `file` is a path relative to nothing: absolute. */
export function callPlace(): Place {
  for (const site of getCallSites(12)) {
    const file = pathOf(site.scriptName)
    if (file === '' || file.startsWith('node:') || file.startsWith(packageFolder)) continue
    return { file, line: site.lineNumber, column: site.columnNumber }
  }
  return noPlace
}

// Native ESM names scripts by URL, CommonJS and test runners by path.
function pathOf(scriptName: string): string {
  return scriptName.startsWith('file:') ? fileURLToPath(scriptName) : scriptName
}
