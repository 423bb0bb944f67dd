/** What a run does with a row that fails: ends, leaves it out, or leaves it out and writes it to the file of dead letters. */
export const errorPolicies = ['fail', 'skip', 'dead-letter'] as const
export type ErrorPolicy = (typeof errorPolicies)[number]

/** How a run takes rows that fail. Absent in a plan it means `fail`. */
export interface OnError {
  /** For rows of functions and expressions, and for records of sources that say nothing themselves. */
  policy: ErrorPolicy
  /** So many rows may fail; one more ends the run. Default: any number. */
  maxErrors?: number
}
