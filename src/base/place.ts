/** Where a piece of the user's program stands; lines and columns count from 1, columns in UTF-16 units. The end is the place after the last character. */
export interface Place {
  file: string
  line: number
  column: number
  endLine?: number
  endColumn?: number
}

/** A place for what no user wrote: nodes made by rules, programs given as data. */
export const noPlace: Place = Object.freeze({ file: '', line: 0, column: 0 })

/** `file:line:column`, or the file alone where no line is known. */
export function formatPlace(place: Place): string {
  return place.line > 0 ? `${place.file}:${place.line}:${place.column}` : place.file
}
