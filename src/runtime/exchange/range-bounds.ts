/** A row that a producer of a range exchange tells of: its key, and how many of the producer's rows come before it. */
export interface RangeSample {
  /** Bytes in base64. */
  key: string
  isWhole: boolean
  position: number
}

/**
 * The first row of a range. Rows that are equal in everything may be split: those of earlier producers belong to the range before, and so do the first
 * `position` rows of this one; else all rows whose keys are equal are of this range.
 */
export interface RangeBound {
  key: string
  split?: { producer: number; position: number }
}

/** What one producer tells. */
export interface SampledRows {
  rowCount: number
  samples?: readonly RangeSample[]
}

/** Samples of all producers together, and of one at least and at most. */
const samplesInAll = 4096
const leastSamples = 16
const mostSamples = 256
const goldenRatio = 0.618033988749895

/**
 * Which of a producer's `rowCount` sorted rows to tell: evenly spaced, but from another first one in each producer. Where all producers hold rows of one
 * distribution, the same places of all would be the same keys, and no bound could lie between them.
 */
export function samplePositions(rowCount: number, producer: number, producerCount: number): readonly number[] {
  const wanted = Math.min(mostSamples, Math.max(leastSamples, Math.ceil(samplesInAll / producerCount)))
  const count = Math.min(wanted, rowCount)
  const shift = (producer * goldenRatio) % 1
  return Array.from({ length: count }, (_, i) => Math.floor(((i + shift) * rowCount) / count))
}

/**
 * The bounds between `count` ranges of about as many rows each; bound p is where range p + 1 begins. A function of what the producers tell, and that
 * is one of their rows.
 */
export function rangeBounds(producers: readonly SampledRows[], count: number): readonly RangeBound[] {
  const samples = producers.flatMap(({ samples: own = [], rowCount }, producer) =>
    own.map(({ key, isWhole, position }, i) => ({
      key,
      bytes: Buffer.from(key, 'base64'),
      isWhole,
      producer,
      position,
      // Somewhere between this sample and the next one.
      rowsBefore: (position + (own[i + 1]?.position ?? rowCount)) / 2,
    })),
  )
  if (samples.length === 0) return []
  samples.sort((a, b) => Buffer.compare(a.bytes, b.bytes) || a.producer - b.producer || a.position - b.position)
  const rowCount = producers.reduce((sum, producer) => sum + producer.rowCount, 0)
  const known = producers.map(({ samples: own }) => (own?.[0]?.position ?? 0) / 2)
  let before = known.reduce((sum, rows) => sum + rows, 0)
  const ranks = samples.map(({ producer, position, rowsBefore }) => {
    const others = before - known[producer]
    known[producer] = rowsBefore
    before = others + rowsBefore
    return others + position
  })
  const bounds: RangeBound[] = []
  let nearest = 0
  for (let partition = 1; partition < count; partition++) {
    const target = (rowCount * partition) / count
    const distance = (i: number): number => Math.abs(ranks[i] - target)
    while (nearest + 1 < samples.length && distance(nearest + 1) <= distance(nearest)) nearest++
    const { key, isWhole, producer, position } = samples[nearest]
    bounds.push(isWhole ? { key, split: { producer, position } } : { key })
  }
  return bounds
}
