import { type RangeBound, rangeBounds, type SampledRows } from './exchange/range-bounds.ts'
import type { TaskOrder } from './orders.ts'
import type { RunState, StageState, TaskState } from './run-state.ts'
import { exchangeOf, isRange } from './stage-shape.ts'

/**
 * The task's range of each receive node that reads range exchanges. Bounds are fixed by what all producers have told, which stands in the journal with
 * their reports: so they are the same for all consumers, and after a restart.
 *
 * @param inputs - those of its order; the lists of attempts are the same ones for all consumers while no producer has told anything new.
 */
export function rangesOf(
  state: RunState,
  { stage: consumer, task }: TaskState,
  inputs: TaskOrder['inputs'],
): NonNullable<TaskOrder['ranges']> {
  const ranges = inputs.filter(({ exchange }) => isRange(exchangeOf(state.plan, exchange)))
  const ports = new Set(ranges.map(({ exchange }) => exchangeOf(state.plan, exchange).input))
  return [...ports].map((input) => {
    const bounds = boundsOf(
      state,
      consumer,
      input,
      ranges.filter(({ exchange }) => exchangeOf(state.plan, exchange).input === input),
    )
    return { input, from: bounds[task - 1], to: bounds[task] }
  })
}

/** Looks at the producers only when the lists of their attempts are new: else each order would cost as much as there are producers. */
function boundsOf(state: RunState, consumer: StageState, input: number, inputs: TaskOrder['inputs']): readonly RangeBound[] {
  const known = consumer.bounds.get(input)
  if (known?.attempts.length === inputs.length && inputs.every(({ attempts }, i) => attempts === known.attempts[i]))
    return known.bounds
  const files = inputs.flatMap(({ exchange }) =>
    (state.stages.get(exchangeOf(state.plan, exchange).from) as StageState).tasks.map(
      ({ made }): SampledRows => made?.outputs.find((output) => output.exchange === exchange) ?? nothing,
    ),
  )
  const bounds = rangeBounds(files, consumer.tasks.length)
  consumer.bounds.set(input, { attempts: inputs.map(({ attempts }) => attempts), bounds })
  return bounds
}

const nothing: SampledRows = { rowCount: 0 }
