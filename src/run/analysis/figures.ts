/** A duration for people: `0.4 ms`, `38 ms`, `1.24 s`, `95 s`. */
export function formatMs(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`
  if (ms < 999.5) return `${Math.round(ms)} ms`
  return ms < 99_500 ? `${(ms / 1000).toFixed(2)} s` : `${Math.round(ms / 1000)} s`
}

/** `12 %`; what is hardly anything is `0 %`. */
export const formatShare = (share: number): string => `${Math.round(share * 100)} %`

/** `1 row`, `31,102 rows`. */
export const exactRows = (rows: number): string => `${rows.toLocaleString('en-US')} ${rows === 1 ? 'row' : 'rows'}`

/** A ratio: `8.1`, `120`. */
export const formatRatio = (ratio: number): string => (ratio < 9.95 ? ratio.toFixed(1) : String(Math.round(ratio)))

/** The beginning of what an operator does, to name it in a sentence. */
export function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 58).trimEnd()}…`
}
