import { registerHooks } from 'node:module'

let registered = false

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
    load: (url, context, next) =>
      next(
        url,
        isUserTypeScript(url) && context.format === 'commonjs-typescript' ? { ...context, format: 'module-typescript' } : context,
      ),
  })
}

// In the bundle this code lies in a chunk beside index.js; in the sources one folder below index.ts.
function ownEntry(): string {
  return import.meta.url.endsWith('.ts')
    ? new URL('../index.ts', import.meta.url).href
    : new URL('./index.js', import.meta.url).href
}

const isUserTypeScript = (url: string): boolean => url.endsWith('.ts') && !url.includes('/node_modules/')
