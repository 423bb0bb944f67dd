/** What a queue looks at. */
interface Queued {
  readonly task: number
  readonly state: string
}

/**
 * The idle tasks of a stage: those that were given back first, then the others by number; or, for a host, first those whose input lies there.
 * Every task is looked at a bounded number of times however many there are.
 */
export class TaskQueue<Task extends Queued> {
  readonly #tasks: readonly Task[]
  readonly #hostsOf: ((task: number) => readonly string[]) | undefined
  #next = 0
  #again: Task[] = []
  #near: Map<string, Task[]> | undefined
  /** Tasks that are idle. */
  size: number

  constructor(tasks: readonly Task[], hostsOf?: (task: number) => readonly string[]) {
    this.#tasks = tasks
    this.#hostsOf = hostsOf
    this.size = 0
  }

  /** Takes a task to run it at `host`; its state is the caller's to change at once. */
  take(host?: string): Task | undefined {
    if (this.size === 0) return undefined
    const task = this.#takeNear(host) ?? this.#takeAny()
    if (task !== undefined) this.size--
    return task
  }

  /** Counts all tasks that are idle at the start. */
  fill(): void {
    this.size = this.#tasks.reduce((count, { state }) => (state === 'idle' ? count + 1 : count), 0)
  }

  /** One of its tasks was begun without being taken. */
  skip(): void {
    this.size--
  }

  /** A task that is idle again. */
  giveBack(task: Task): void {
    this.size++
    this.#again.push(task)
    for (const host of this.#hostsOf?.(task.task) ?? []) this.#near?.get(host)?.push(task)
  }

  #takeAny(): Task | undefined {
    for (let task = this.#again.shift(); task !== undefined; task = this.#again.shift()) if (task.state === 'idle') return task
    while (this.#next < this.#tasks.length) {
      const task = this.#tasks[this.#next++]
      if (task.state === 'idle') return task
    }
    return undefined
  }

  #takeNear(host: string | undefined): Task | undefined {
    if (host === undefined || this.#hostsOf === undefined) return undefined
    this.#near ??= nearTasks(this.#tasks, this.#hostsOf)
    const tasks = this.#near.get(host)
    for (let task = tasks?.pop(); task !== undefined; task = tasks?.pop()) if (task.state === 'idle') return task
    return undefined
  }
}

/** The last of each list is taken first. */
function nearTasks<Task extends Queued>(
  tasks: readonly Task[],
  hostsOf: (task: number) => readonly string[],
): Map<string, Task[]> {
  const near = new Map<string, Task[]>()
  for (let i = tasks.length - 1; i >= 0; i--) {
    for (const host of hostsOf(tasks[i].task)) {
      const list = near.get(host)
      if (list === undefined) near.set(host, [tasks[i]])
      else list.push(tasks[i])
    }
  }
  return near
}
