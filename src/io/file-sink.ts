import { dirname } from 'node:path'
import { makeDurableFolder } from '../base/durable-folder.ts'
import type { DiskFile } from '../base/host.ts'
import type { Batch } from '../data/batch.ts'
import type { Schema } from '../data/type.ts'
import { commitParts, discardParts, stagedPath } from './commit.ts'
import type { ConnectorOptions, OptionSpec, Sink, SinkConnector, SinkContext, StagedPart } from './connector.ts'
import type { Encoder } from './format/encoder.ts'
import { checkTarget, sinkOptions, sinkTarget, writable } from './sink-target.ts'

/** What makes a format a sink to files. */
export interface FileFormat {
  kind: string
  extension: string
  options?: Readonly<Record<string, OptionSpec>>
  encoder(fields: Schema, options: ConnectorOptions): Encoder
}

/**
 * A sink that writes each part to a hidden file beside the target and commits by rename: no reader ever sees a partial file, also when the disk
 * fills up. A path with an extension is one file, any other a folder `part-00000.ext`, ... with `_SUCCESS`.
 */
export function fileSink(format: FileFormat): SinkConnector {
  const target = fileTarget(format.kind, format.extension, { ...sinkOptions, ...format.options }, false)
  return {
    ...target,
    check(options, context) {
      // Refuses bad options.
      format.encoder(context.fields, options)
      target.check(options, context)
    },
    open(options, context) {
      const part = openPart(options, context)
      const encoder = format.encoder(context.fields, options)
      part.write(encoder.start(), 0)
      const write = (batch: Batch): void => part.write(encoder.push(batch), batch.rowCount)
      return { borrows: true, write, prepare: part.prepare, abort: part.abort }
    },
  }
}

/** Everything of a sink to files but `open`. */
export function fileTarget(
  kind: string,
  extension: string,
  options: SinkConnector['options'],
  weights: boolean,
): Omit<SinkConnector, 'open'> {
  return {
    kind,
    positional: 'path',
    options,
    traits: { exactlyOnce: true, weights },
    singlePart: (given) => !sinkTarget(given, '').isFolder,
    check(given, { host, cwd, fields }) {
      checkTarget(sinkTarget(given, cwd), host, fields, extension)
    },
    commit: (given, parts, { host, cwd, runId }) => commitParts(sinkTarget(given, cwd), parts, runId, extension, host.disk),
    discard: (given, { host, cwd, runId }) => discardParts(sinkTarget(given, cwd), runId, host.disk),
  }
}

/** One staged file. */
export interface PartFile extends Pick<Sink, 'prepare' | 'abort'> {
  write(bytes: Uint8Array, rows: number): void
}

/** Small writes are gathered to this size. */
const bufferBytes = 1 << 18

/** Opens the staged file of an attempt; an earlier file of the same attempt, left by a crash, is replaced. */
export function openPart(options: ConnectorOptions, context: SinkContext): PartFile {
  const { host, cwd, runId, partition, attempt } = context
  const target = sinkTarget(options, cwd)
  const path = stagedPath(target, runId, partition, attempt)
  const file: DiskFile = writable(target.path, () => {
    makeDurableFolder(host.disk, dirname(path))
    host.disk.remove(path)
    return host.disk.create(path)
  })
  const buffer = new Uint8Array(bufferBytes)
  let buffered = 0
  let rowCount = 0
  let sizeBytes = 0
  const flush = (): void => {
    if (buffered > 0) file.write(buffer.subarray(0, buffered))
    buffered = 0
  }
  return {
    write(bytes, rows) {
      writable(target.path, () => {
        rowCount += rows
        sizeBytes += bytes.length
        if (buffered + bytes.length > bufferBytes) flush()
        if (bytes.length > bufferBytes) return file.write(bytes)
        buffer.set(bytes, buffered)
        buffered += bytes.length
      })
    },
    prepare(): StagedPart {
      return writable(target.path, () => {
        flush()
        file.sync()
        file.close()
        // Its name, too: the journal will say that the part is there.
        host.disk.syncDirectory(dirname(path))
        return { partition, path, rowCount, sizeBytes }
      })
    },
    abort() {
      writable(target.path, () => {
        try {
          file.close()
        } finally {
          host.disk.remove(path)
        }
      })
    },
  }
}
