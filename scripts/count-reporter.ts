import type { Reporter, TestModule } from 'vitest/node'

/** Ends the output with `N passed, N failed`, which counts modules that could not be loaded as failures. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0
    let failed = errors.length
    for (const module of modules) {
      failed += module.errors().length
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed++
        else if (state === 'failed') failed++
      }
    }
    process.on('exit', () => console.log(`${passed} passed, ${failed} failed`))
  }
}
