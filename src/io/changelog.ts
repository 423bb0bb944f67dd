import { planError } from '../base/errors.ts'
import { changeColumnNames } from './change-columns.ts'
import type { SinkConnector } from './connector.ts'
import { fileTarget, openPart } from './file-sink.ts'
import { createRowKeys } from './format/row-key.ts'
import { sinkOptions } from './sink-target.ts'

const target = fileTarget('changelog', 'jsonl', sinkOptions, true)

/**
 * Writes the net change of each epoch as JSON lines that the changes source reads: the columns, `_op`, `_epoch`, and `_weight` where it is not 1.
 * In an epoch, retractions come before insertions. A plain run is one epoch of insertions. Memory: the distinct rows of one epoch.
 *
 * @throws {@link MillraceError} `SINK_EXISTS`, `SINK_UNWRITABLE`, `RESOURCE_DISK_FULL`, `PLAN_DUPLICATE_COLUMN`.
 */
export const changelogSink: SinkConnector = {
  ...target,
  // The changes of one row must meet to be summed up.
  singlePart: () => true,
  check(options, context) {
    const own = context.fields.find((field) => changeColumnNames.has(field.name))
    if (own !== undefined) {
      throw planError('PLAN_DUPLICATE_COLUMN', `a changelog writes a column '${own.name}' itself`, {
        hint: 'rename or drop the column',
      })
    }
    target.check(options, context)
  },
  open(options, context) {
    const part = openPart(options, context)
    const keyOf = createRowKeys(context.fields)
    const changed = new Map<string, number>()
    let lastEpoch = 0
    const endEpoch = (epoch: number): void => {
      for (const sign of [-1, 1]) {
        for (const [key, weight] of changed)
          if (Math.sign(weight) === sign) part.write(Buffer.from(lineOf(key, weight, epoch)), 1)
      }
      changed.clear()
    }
    return {
      write({ header, rowCount, columns, weights }) {
        lastEpoch = header.epoch
        for (let row = 0; row < rowCount; row++) {
          const key = keyOf(columns, row)
          const weight = (changed.get(key) ?? 0) + (weights === undefined ? 1 : weights[row])
          if (weight === 0) changed.delete(key)
          else changed.set(key, weight)
        }
      },
      barrier: endEpoch,
      prepare() {
        endEpoch(lastEpoch)
        return part.prepare()
      },
      abort: part.abort,
    }
  },
}

function lineOf(key: string, weight: number, epoch: number): string {
  const times = Math.abs(weight)
  return `${key},"_op":"${weight < 0 ? '-' : '+'}","_epoch":${epoch}${times > 1 ? `,"_weight":${times}` : ''}}\n`
}
