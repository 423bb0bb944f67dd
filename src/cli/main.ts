import { createRequire } from 'node:module'

// `--version` must cost next to nothing, so it is answered before anything is loaded.
const version = (
  createRequire(import.meta.url)(import.meta.url.endsWith('.ts') ? '../../package.json' : '../package.json') as {
    version: string
  }
).version
if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  process.stdout.on('error', async (error) => {
    const { unwritable } = await import('./standard-output.ts')
    const { reportError } = await import('./report.ts')
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') reportError(unwritable(error), {})
  })
  process.stdout.write(`${version}\n`)
} else {
  const { main } = await import('./program.ts')
  await main(process.argv, version)
}
