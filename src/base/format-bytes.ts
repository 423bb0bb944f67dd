const units = ['B', 'kB', 'MB', 'GB', 'TB']

/** Bytes for people, by powers of 1000: `640 B`, `3.4 kB`, `12 MB`. */
export function formatBytes(bytes: number): string {
  let unit = 0
  let value = bytes
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  // 9.96 would be shown as 10.0.
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}
