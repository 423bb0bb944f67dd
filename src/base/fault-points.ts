/**
 * Places in the code where a run may be made to fail on purpose. Off unless `armFaults` was called in this thread: then a point costs a call, else
 * one comparison.
 */
export const faultPoints = {
  'worker.setup': 'a worker gets to know its program',
  'task.begin': 'a task begins',
  'task.batch': 'a task takes in a batch',
  'task.report': 'a task has ended, and nobody knows it yet',
  'block.write': 'before a block is written to a file',
  'block.read': 'before a block is read from a file',
  'partition.finish': 'before a partition file gets its index',
  'index.read': 'before the index of a partition file is read',
  'link.send': 'before a batch is sent to another worker',
  'link.receive': 'a batch has come from another worker',
  'sink.prepare': 'before a part of an output is ready',
} as const
export type FaultPoint = keyof typeof faultPoints

let strike: ((point: FaultPoint) => void) | undefined

/** Called where `point` is passed. Whatever is armed may throw here, wait, or end the thread or the process. */
export function faultPoint(point: FaultPoint): void {
  if (strike !== undefined) strike(point)
}

/** Says what is to happen at the points of this thread; undefined: nothing. */
export function armFaults(action: ((point: FaultPoint) => void) | undefined): void {
  strike = action
}
