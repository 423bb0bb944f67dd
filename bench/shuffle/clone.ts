import { isMainThread } from 'node:worker_threads'
import { targetBatchRows } from '../../src/data/batch.ts'
import { Arrived, makeRows, partitions, type Row } from './rows.ts'
import { runBoth, runSide } from './threads.ts'

// Arrays of row objects by postMessage, as many rows at a time as a batch has, a few arrays under way at once.
const maxUnderWay = 16

function partitionOf(user: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < user.length; i++) hash = Math.imul(hash ^ user.charCodeAt(i), 0x01000193)
  return Math.floor(((hash >>> 0) * partitions) / 2 ** 32)
}

if (isMainThread) await runBoth(import.meta.url, Number(process.argv[2]))
else {
  await runSide(
    (port, rowCount) => {
      const rows = [...makeRows(rowCount)]
      return async () => {
        const parts = Array.from({ length: partitions }, (): Row[] => [])
        let underWay = 0
        let wake: (() => void) | undefined
        port.on('message', () => {
          underWay--
          wake?.()
        })
        const send = async (partition: number): Promise<void> => {
          port.postMessage(parts[partition])
          parts[partition] = []
          if (++underWay >= maxUnderWay) await new Promise<void>((resolve) => (wake = resolve))
        }
        for (const row of rows) {
          const partition = partitionOf(row.user)
          if (parts[partition].push(row) === targetBatchRows) await send(partition)
        }
        for (let partition = 0; partition < partitions; partition++) await send(partition)
      }
    },
    (port, rowCount) =>
      new Promise((resolve) => {
        const arrived = new Arrived()
        port.on('message', (rows: Row[]) => {
          for (const { user, amount, at } of rows) {
            arrived.rows++
            arrived.bytes += user.length
            arrived.amount += amount
            arrived.at += at
          }
          port.postMessage('taken')
          if (arrived.rows === rowCount) resolve(`${arrived}`)
        })
      }),
  )
}
