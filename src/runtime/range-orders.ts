import { type RangeBound, rangeBounds, type SampledRows } from './exchange/range-bounds.ts'
import type { TaskOrder } from './orders.ts'
import type { RunState, StageState, TaskState } from './run-state.ts'
import { exchangeOf, isRange } from './stage-shape.ts'

/**
 * The task's range of each receive node that reads range exchanges. Bounds are fixed by what all producers have told, which stands in the journal with
 * their reports: so they are the same for all consumers, and after a restart.
 */
export function rangesOf(state: RunState, { stage: consumer, task }: TaskState): NonNullable<TaskOrder['ranges']> {
  const exchanges = consumer.stage.inputs.map((id) => exchangeOf(state.plan, id)).filter(isRange)
  const inputs = new Set(exchanges.map(({ input }) => input))
  return [...inputs].map((input) => {
    const bounds = boundsOf(state, consumer, input)
    return { input, from: bounds[task - 1], to: bounds[task] }
  })
}

function boundsOf(state: RunState, consumer: StageState, input: number): readonly RangeBound[] {
  const receive = consumer.stage.nodes.find(({ id }) => id === input)
  const exchanges = receive?.operator === 'receive' ? receive.spec.exchanges : []
  const files = exchanges.flatMap((id) =>
    (state.stages.get(exchangeOf(state.plan, id).from) as StageState).tasks.map(
      ({ made }): SampledRows => made?.outputs.find(({ exchange }) => exchange === id) ?? nothing,
    ),
  )
  const known = consumer.bounds.get(input)
  if (known?.files.length === files.length && known.files.every((file, i) => file === files[i])) return known.bounds
  const bounds = rangeBounds(files, consumer.tasks.length)
  consumer.bounds.set(input, { files, bounds })
  return bounds
}

const nothing: SampledRows = { rowCount: 0 }
