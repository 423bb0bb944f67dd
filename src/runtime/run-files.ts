import type { Disk } from '../base/host.ts'
import { keptFile } from './kept-file.ts'
import type { TaskName } from './orders.ts'

/** File names inside a run's folder. Names hold the attempt, so an attempt never meets what another one left. */
export interface RunFiles {
  readonly directory: string
  /** Are files worth keeping after a crash, hence synced? */
  readonly durable: boolean
  partition(exchange: number, task: number, attempt: number): string
  spill(stage: number, task: number, attempt: number, index: number): string
  result(output: number, attempt: number): string
  /** Which batch a careful attempt is at. */
  careful(name: TaskName): string
}

/**
 * @param make - makes the folder, when a file name is first asked for.
 */
export function runFiles(disk: Disk, directory: string, durable: boolean, make?: () => void): RunFiles {
  let exists = false
  const inFolder = (name: string): string => {
    if (!exists) {
      exists = true
      if (make === undefined) keptFile(directory, () => disk.makeDirectory(directory))
      else make()
    }
    return `${directory}/${name}`
  }
  return {
    directory,
    durable,
    partition: (exchange, task, attempt) => inFolder(`exchange-${exchange}-${task}-${attempt}.blocks`),
    spill: (stage, task, attempt, index) => inFolder(`spill-${stage}-${task}-${attempt}-${index}.blocks`),
    careful: ({ stage, task, attempt }) => inFolder(`careful-${stage}-${task}-${attempt}`),
    result: (output, attempt) => inFolder(`result-${output}-${attempt}.blocks`),
  }
}
