import { arraysAt, KernelMemory, kernelBytes } from '../../wasm/kernel-memory.ts'
import { grownDoubles } from './accumulator.ts'

/**
 * Some doubles for each group, zero at first; once they take more than `kernelFrom` bytes they stand in a memory of WebAssembly, from `arraysAt` on.
 */
export class GroupDoubles {
  /** Another array after `reserve`. */
  values: Float64Array = new Float64Array(256)
  memory: KernelMemory | undefined
  readonly #kernelFrom: number

  constructor(kernelFrom: number = kernelBytes) {
    this.#kernelFrom = kernelFrom
  }

  get sizeBytes(): number {
    return this.memory?.sizeBytes ?? this.values.byteLength
  }

  /** Makes room for so many doubles. */
  reserve(count: number): void {
    const { values } = this
    if (count <= values.length) return
    const length = Math.max(count, values.length * 2)
    const inside = this.memory
    this.memory ??= length * 8 > this.#kernelFrom ? KernelMemory.open() : undefined
    if (this.memory === undefined) {
      this.values = grownDoubles(values, length)
      return
    }
    this.memory.reserve(length * 8)
    this.values = this.memory.doubles(arraysAt, length)
    if (inside === undefined) this.values.set(values)
  }
}
