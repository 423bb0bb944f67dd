import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

let registered = false
const digests = new Map<string, string>()

/** Digests of the modules that the user's programs have loaded in this thread, by path; packages do not count. */
export function userModules(): Record<string, string> {
  return Object.fromEntries([...digests].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/**
 * Makes user modules work as they stand: `import 'millrace'` means this copy of the package, so that a pipeline and its runner always share
 * one; and a `.ts` file with imports is a module even where `npm init` wrote `"type": "commonjs"`. Called before the first user import, in
 * the process and in every worker.
 */
export function registerModuleHooks(): void {
  if (registered) return
  registered = true
  const own = ownEntry()
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'millrace' ? { url: own, shortCircuit: true } : next(specifier, context),
    load: (url, context, next) => {
      if (isUserModule(url, own)) digests.set(fileURLToPath(url), digestOf(url))
      const isScript = isUserTypeScript(url) && context.format === 'commonjs-typescript'
      return next(url, isScript ? { ...context, format: 'module-typescript' } : context)
    },
  })
}

// In the bundle this code lies in a chunk beside index.js; in the sources one folder below index.ts.
function ownEntry(): string {
  return import.meta.url.endsWith('.ts')
    ? new URL('../index.ts', import.meta.url).href
    : new URL('./index.js', import.meta.url).href
}

const isUserModule = (url: string, own: string): boolean =>
  url.startsWith('file:') && !url.includes('/node_modules/') && !url.startsWith(new URL('.', own).href)

const digestOf = (url: string): string =>
  createHash('sha256')
    .update(readFileSync(new URL(url)))
    .digest('hex')
    .slice(0, 16)

const isUserTypeScript = (url: string): boolean => url.endsWith('.ts') && !url.includes('/node_modules/')
