// The module of the program may have loaded another copy of this package, so the mark is the process's.
const mark = Symbol.for('millrace.workerProcess')
const marked = globalThis as { [mark]?: true }

/** Tells modules that are loaded later that this process is a worker's. */
export function markWorkerProcess(): void {
  marked[mark] = true
}

export const isWorkerProcess = (): boolean => marked[mark] === true
