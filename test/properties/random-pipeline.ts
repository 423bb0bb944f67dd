import fc from 'fast-check'
import { type PipelineSpec, type Row, type Step, stepNames } from './build-pipeline.ts'

/** A pipeline, and the rows of each file of each of its sources as JSON lines. */
export interface RandomPipeline {
  spec: PipelineSpec
  files: readonly (readonly string[])[]
}

/** A few keys that meet often, one of them most of the time; texts that are empty or beyond ASCII. */
const key = fc.oneof(
  { weight: 5, arbitrary: fc.constant('a') },
  { weight: 4, arbitrary: fc.constantFrom('', 'b', 'é', '😀b', 'ab', ' ') },
  { weight: 1, arbitrary: fc.string({ maxLength: 4, unit: 'grapheme' }) },
)
const number = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -3, max: 9 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 2 ** 31, -(2 ** 40), 2 ** 53 - 1, -(2 ** 53) + 1) },
)
const float = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(0, -0, 1.5, -2.25, 0.1) },
  { weight: 2, arbitrary: fc.constantFrom('NaN', 'Infinity', '-Infinity', 1e300, -1e300, 5e-324) },
)
const time = fc.constantFrom('2026-01-01T00:00:00Z', '1969-12-31T23:59:59.999Z', '2024-02-29T12:00:00.5Z')

const row = fc
  .record<Record<keyof Row, unknown>>({
    k: fc.option(key, { freq: 6 }),
    n: fc.option(number, { freq: 6 }),
    x: fc.option(float, { freq: 6 }),
    t: fc.option(time, { freq: 6 }),
  })
  .map((cells) => JSON.stringify(cells, (_, value) => (Object.is(value, -0) ? '-0' : value)).replaceAll('"-0"', '-0'))

const step: fc.Arbitrary<Step> = fc.record({
  op: fc.constantFrom(...stepNames),
  // Mostly the step before; else any, so that one step has several readers.
  from: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(8) }),
  with: fc.nat(8),
  detail: fc.nat(1023),
})

/** Comes last, since an order counts for something only where nothing follows it. */
const order: fc.Arbitrary<Step> = step.map((drawn) => ({ ...drawn, op: 'orderJoined' }))

export const pipelines: fc.Arbitrary<RandomPipeline> = fc
  .record({
    files: fc.array(fc.array(fc.array(row, { maxLength: 25, size: 'max' }), { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 2,
    }),
    steps: fc.array(step, { maxLength: 7, size: 'max' }),
    last: fc.option(order, { freq: 1 }),
    outputs: fc.array(fc.nat(7), { maxLength: 2 }),
    sinks: fc.array(fc.nat(7), { maxLength: 2 }),
  })
  .map(({ files, steps, last, outputs, sinks }) => ({
    spec: { sources: files.length, steps: last === null ? steps : [...steps, last], outputs, sinks },
    files: files.map((list) => list.map((rows) => rows.map((line) => `${line}\n`).join(''))),
  }))
