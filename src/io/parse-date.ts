/** What `dateAt` gives for texts that are no date; no date is that day. */
export const noDate = -0x80000000

const monthDays = Int32Array.of(
  0,
  31,
  28,
  31,
  30,
  31,
  30,
  31,
  31,
  30,
  31,
  30,
  31,
  0,
  0,
  0,
  0,
  31,
  29,
  31,
  30,
  31,
  30,
  31,
  31,
  30,
  31,
  30,
  31,
)
/** Days of the year before each month; from 16 on those of leap years. */
const daysBefore = monthDays.map((_, month) => monthDays.slice(month & 16, month).reduce((sum, days) => sum + days, 0))
/** 1970-01-01, in days since 0001-01-01. */
const epochDay = 719_162

/**
 * Days since 1970-01-01 of `YYYY-MM-DD` at `start .. end`, from the year 1 to 9999; `noDate` for any other text. Digits are checked and combined
 * four at a time.
 */
export function dateAt(view: DataView, start: number, end: number): number {
  if (end - start !== 10) return noDate
  const first = view.getInt32(start, true) ^ 0x30303030
  const middle = view.getInt32(start + 4, true)
  const last = view.getInt32(start + 6, true)
  // Month and day as four digits.
  const second = (((middle >>> 8) & 0xffff) | (last & 0xffff0000)) ^ 0x30303030
  const others = (first + 0x76767676) | first | (second + 0x76767676) | second
  if ((others & 0x80808080) !== 0 || (middle & 0xff0000ff) !== 0x2d00002d) return noDate
  const years = (Math.imul(first, 10) + (first >>> 8)) | 0
  const year = (Math.imul(years & 0xff, 100) + ((years >>> 16) & 0xff)) | 0
  const parts = (Math.imul(second, 10) + (second >>> 8)) | 0
  const month = parts & 0xff
  const day = (parts >>> 16) & 0xff
  const before = (year - 1) | 0
  const century = (before / 100) | 0
  const isLeap = (year & 3) === 0 && (year % 100 !== 0 || year % 400 === 0)
  const place = isLeap ? month + 16 : month
  if (year === 0 || month === 0 || month > 12 || day === 0 || day > monthDays[place]) return noDate
  return (Math.imul(before, 365) + (before >> 2) - century + (century >> 2) + daysBefore[place] + day - 1 - epochDay) | 0
}
