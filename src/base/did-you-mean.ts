/**
 * The candidate that `name` was probably meant to be: the nearest one, letter case aside, when no more than a third of its letters differ.
 * Swapped neighbours count as one difference; of equally near ones, one that `name` begins wins. Undefined when nothing is near.
 */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase()
  const isBegun = (word: string): boolean => word.toLowerCase().startsWith(wanted)
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    const other = candidate.toLowerCase()
    if (Math.abs(other.length - wanted.length) > bestDistance) continue
    const distance = editDistance(wanted, other)
    const wins = distance < bestDistance || (distance === bestDistance && best !== undefined && isBegun(other) && !isBegun(best))
    if (wins && distance < other.length) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** The hint made of `didYouMean`, or `fallback` when nothing is near. */
export function suggest(name: string, candidates: Iterable<string>, fallback?: string): string | undefined {
  const near = didYouMean(name, candidates)
  return near === undefined ? fallback : `did you mean '${near}'?`
}

/** Damerau-Levenshtein distance, the variant in which no part is edited twice (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], beforeLast[j - 2] + 1)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]
}
