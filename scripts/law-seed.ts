// A law that fails says from which seed it was drawn: `SEED=123 npx vitest run FILE` draws the same again. Without it, nothing is loaded.
if (process.env.SEED !== undefined) {
  const { default: fc } = await import('fast-check')
  fc.configureGlobal({ seed: Number(process.env.SEED) })
}
