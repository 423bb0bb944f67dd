/**
 * Every error code, with the sentence that heads its page in the docs. Codes are never renamed.
 * The area before the first underscore decides the exit code.
 */
export const errorCodes = {
  FLOW_SYNTAX: 'The text is not a `.flow` program at this place.',
  FLOW_UNCLOSED_STRING: 'A string literal has no closing quote.',
  FLOW_UNCLOSED_COMMENT: 'A block comment has no end.',
  FLOW_BAD_NUMBER: 'A number runs into a word or has a form that is not known.',
  FLOW_BAD_CHARACTER: 'A character that no token starts with.',
  FLOW_NESTING: 'Parentheses, cases or unary operators are nested deeper than 64 levels.',
  FLOW_RESERVED_WORD: 'A reserved word stands where a name is expected; put it in backquotes.',
  FLOW_UNKNOWN_STATEMENT: 'A statement starts with a word that starts none.',
  FLOW_UNKNOWN_OPERATOR: 'The word after `|>` is no pipe operator.',
  FLOW_IMPORT_CYCLE: 'Files import each other in a circle.',
  FLOW_IMPORT_NOT_FOUND: 'An imported file or export does not exist.',
  FLOW_IMPORT_OUTSIDE: 'An import path leaves the project folder.',
  FLOW_IMPORT_FAILED: 'An imported module threw an error while it was loaded.',
  FLOW_IMPORT_SIGNATURE: 'A plain imported function needs its signature in the import.',
  FLOW_DUPLICATE_NAME: 'Two statements define the same name.',

  PLAN_UNKNOWN_COLUMN: 'No column of this name is in scope.',
  PLAN_AMBIGUOUS_COLUMN: 'More than one column of this name is in scope.',
  PLAN_UNKNOWN_TABLE: 'No dataset or source function of this name exists.',
  PLAN_UNKNOWN_FUNCTION: 'No function of this name exists.',
  PLAN_UNKNOWN_TYPE: 'No type of this name exists.',
  PLAN_UNKNOWN_PARAM: 'A parameter is used that is not declared.',
  PLAN_UNKNOWN_KEY: 'A keyed operation was applied to a collection without a key.',
  PLAN_UNKNOWN_OPTION: 'A source, sink or hint option is not known.',
  PLAN_TYPE_MISMATCH: 'An expression has another type than its place asks for.',
  PLAN_ARGUMENTS: 'A function was called with a number or kind of arguments that none of its signatures takes.',
  PLAN_AGGREGATE_PLACE: 'An aggregate function stands where only row expressions may.',
  PLAN_AGGREGATE_MISSING: 'An item of an aggregate list holds no aggregate function.',
  PLAN_UNNAMED_COLUMN: 'A column without a name would be written to a file.',
  PLAN_BARE_ALIAS: 'A name after an item, without `as`, is that of another column, as if a comma were missing.',
  PLAN_DUPLICATE_COLUMN: 'Two output columns have the same name where names must differ.',
  PLAN_SAME_TARGET: 'Two writes of a program go to the same place.',
  PLAN_COLUMN_COUNT: 'Inputs of a set operation have different numbers of columns.',
  PLAN_JOIN_CONDITION: 'The join has no equality between its two sides.',
  PLAN_SCHEMA_UNKNOWN: 'The row type of a function’s result could not be found out; declare it.',
  PLAN_EXPRESSION_COERCED: 'A typed expression was used as a JavaScript value.',
  PLAN_CONSTANT: 'A constant expression is needed here.',
  PLAN_NO_OUTPUT: 'The program has no result and no write.',
  PLAN_INVALID: 'A plan broke one of its own invariants.',
  PLAN_WEIGHTS: 'A stream with retractions reaches an operator that handles inserts only.',
  PLAN_NOT_EXPORTED: 'Worker threads need the pipeline to be an export of a module.',
  PLAN_TOO_MANY_COLUMNS: 'A row would have more than 10,000 columns.',
  PLAN_MISMATCH: 'A worker built another plan than the coordinator.',

  USAGE_NODE_VERSION: 'Node.js 22.18 or newer is needed.',
  USAGE_ARGUMENT: 'A command line argument or option has a bad value.',
  USAGE_FILE: 'The program file cannot be used.',
  USAGE_RUN: 'There is no recorded run of this name, or several begin with it.',
  USAGE_PARAM: 'A parameter is missing, unknown or has a bad value.',
  USAGE_MANY_OUTPUTS: 'The program has several outputs and the format holds one.',
  USAGE_DUPLICATE_COLUMN: 'A format that names its columns needs distinct names.',
  USAGE_TABLES: 'The file given with --tables is not understood.',
  USAGE_MODULE: 'The module has no pipeline as its default export, or could not be loaded.',

  DATA_INVALID_UTF8: 'The text is not valid UTF-8.',
  DATA_ROW_SHAPE: 'A row has another number of fields than the header.',
  DATA_BAD_VALUE: 'A field cannot be read as the type of its column.',
  DATA_BAD_JSON: 'A line is not valid JSON.',
  DATA_UNCLOSED_QUOTE: 'A quoted field never ends.',
  DATA_BAD_QUOTE: 'Text stands behind the closing quote of a field.',
  DATA_CARRIAGE_RETURN: 'A carriage return stands outside of quotes in a csv file, with no line feed behind it.',
  DATA_NO_HEADER: 'The file has no header line.',
  DATA_MISSING_COLUMN: 'The header of a file lacks a declared column.',
  DATA_LINE_TOO_LONG: 'A line is longer than 16 MB.',
  DATA_SHAPE_CHANGED: 'A function returned a value of another shape than was declared or sampled.',
  DATA_NULL: 'A null stands in a column that is declared not null.',
  DATA_UNKNOWN_RETRACTION: 'A row was retracted that is not there.',
  DATA_EPOCH_ORDER: 'The epochs of a changes file fall.',
  DATA_TOO_MANY_ERRORS: 'More rows failed than the run allows with `--max-errors`.',
  DATA_CORRUPT: 'A stored block does not match its checksum.',

  SOURCE_NOT_FOUND: 'The input file does not exist, or a pattern matches no file.',
  SOURCE_UNREADABLE: 'The input file cannot be read.',
  SOURCE_CHANGED: 'An input file changed while the run was going on.',

  SINK_EXISTS: 'The output file already exists.',
  SINK_UNWRITABLE: 'The output file cannot be written.',

  RUN_FUNCTION_FAILED: 'A user function threw an error.',
  RUN_DIVISION_BY_ZERO: 'A division by zero.',
  RUN_OVERFLOW: 'A number is outside the range of its type.',
  RUN_CAST: 'A value cannot be cast to the type asked for.',
  RUN_ARGUMENT: 'A function was called with a value outside its domain.',
  RUN_ITERABLE_REUSED: 'The values of a group can be read once only.',
  RUN_WORKER_LOST: 'A worker ended while it was working.',
  RUN_BATCH_LOST: 'Rows that one task sent to another did not arrive, again and again.',
  RUN_CHAOS: 'A fault that was asked for with --chaos struck more often than a task may be tried again.',
  RUN_POISON_BATCH: 'A row of the input has ended its worker again and again.',
  RUN_NESTED: 'run() was called while a worker was loading the module.',
  RUN_CANCELLED: 'The run was stopped.',
  RUN_BUSY: 'Another process is at the run that was to be resumed.',
  RUN_CHANGED: 'The program, its parameters or its inputs changed since the interrupted run.',

  RESOURCE_MEMORY: 'An operator that cannot spill needs more memory than the budget holds.',
  RESOURCE_DISK_FAILED: 'A file that a run keeps for itself cannot be written or read.',
  RESOURCE_DISK_BUDGET: 'The files that a run keeps for itself take more than --disk allows.',
  RESOURCE_DISK_FULL: 'The disk is full or a file size limit was reached.',
  RESOURCE_GROUP_TOO_LARGE: 'One group does not fit in memory as an array.',
  RESOURCE_OPEN_FILES: 'More files are needed at once than the process or the machine may have open.',
  RESOURCE_LIMIT: 'A fixed limit was exceeded.',

  BUG_INVARIANT: 'millrace broke one of its own rules; please report it.',
} as const

/** One of the codes of `docs/errors.md`. */
export type ErrorCode = keyof typeof errorCodes

const exits = { FLOW: 2, PLAN: 2, USAGE: 2, RUN: 1, DATA: 3, SOURCE: 4, SINK: 4, RESOURCE: 5, BUG: 70 } as const

/** The exit code of the process for an error. */
export function exitCodeOf(code: ErrorCode): number {
  return exits[code.slice(0, code.indexOf('_')) as keyof typeof exits]
}
