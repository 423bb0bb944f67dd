import { defineConfig } from 'vitest/config'
import { flowtestPlugin } from './test/flow/plugin.ts'

export default defineConfig({
  plugins: [flowtestPlugin()],
  test: {
    include: ['test/**/*.test.ts', 'test/flow/**/*.flowtest'],
    globalSetup: './scripts/test-folder.ts',
    setupFiles: './scripts/law-seed.ts',
    reporters: ['default', './scripts/count-reporter.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
