import type { DiskFile, Host } from '../base/host.ts'
import type { BatchOrigin } from '../data/batch.ts'
import { LineCounter } from './line-counter.ts'

/** Where a row stands in its file. */
export interface RowPlace {
  file: string
  line?: number
  byteOffset?: number
}

/** Finds rows in the files that they were read from. Goes through a file once for rows in their order. */
export class RowPlaces {
  readonly #host: Host
  readonly #files = new Map<string, { disk: DiskFile; lines: LineCounter }>()

  constructor(host: Host) {
    this.#host = host
  }

  /** The place of row `row` of a split; line and offset are missing when the file cannot be read any more. */
  placeOf({ file, byteOffset, row: first, starts }: BatchOrigin, row: number): RowPlace {
    try {
      const lines = this.#linesOf(file)
      const at = starts === undefined ? lines.lineBehind(byteOffset, row - first) : byteOffset + starts[row - first]
      return { file, line: lines.lineAt(at), byteOffset: at }
    } catch {
      return { file }
    }
  }

  close(): void {
    for (const { disk } of this.#files.values()) disk.close()
    this.#files.clear()
  }

  #linesOf(path: string): LineCounter {
    const known = this.#files.get(path)
    if (known !== undefined) return known.lines
    const disk = this.#host.disk.openRead(path)
    const opened = { disk, lines: new LineCounter(disk) }
    this.#files.set(path, opened)
    return opened.lines
  }
}
