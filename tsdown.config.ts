import { defineConfig } from 'tsdown'

// One call for all entries: index, cli and workers share chunks, so each process holds one instance of every module.
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    cli: 'src/cli/main.ts',
    'signal-watch': 'src/cli/signal-watch.ts',
    worker: 'src/run/worker.ts',
    'worker-process': 'src/run/worker-process.ts',
    'orphan-watch': 'src/backends/processes/orphan-watch.ts',
  },
  format: 'esm',
  platform: 'node',
  target: 'node22',
  fixedExtension: false,
  dts: true,
  inputOptions: { checks: { pluginTimings: false } },
  // Libraries are bundled: unbundled chevrotain alone costs four times the start-up of an empty node.
  deps: { alwaysBundle: [/^(?!node:)/], neverBundle: ['@duckdb/node-api'] },
})
