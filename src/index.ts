import { setRunner } from './dsl/runner.ts'
import { runCollection } from './run.ts'

setRunner(runCollection)

export { type ErrorCode, errorCodes } from './base/error-codes.ts'
export { type ErrorDetails, MillraceError } from './base/errors.ts'
export type { Place } from './base/place.ts'
export type { ScalarKind, Schema, SchemaField, StructField, Type, Value } from './data/type.ts'
export { type Aggregate, avg, count, countDistinct, countIf, max, min, sum } from './dsl/aggregates.ts'
export type { GivenTable } from './dsl/bind/context.ts'
export { Collection } from './dsl/collection.ts'
export {
  type AnyRow,
  type ConnectorSpec,
  type CsvOptions,
  changelog,
  changes,
  csv,
  type JsonlOptions,
  jsonl,
  text,
} from './dsl/connectors.ts'
export { defineScalar, type ScalarDefinition } from './dsl/define-function.ts'
export { call, Expr, type ExprLike, expr, lit, when } from './dsl/expr.ts'
export { type ClosureOptions, PCollection, type Predicate, PTable, type Returned, type Returns } from './dsl/pcollection.ts'
export {
  type ParamInputs,
  type ParamSpec,
  type ParamSpecs,
  type ParamValues,
  Pipeline,
  PipelineContext,
  type PipelineOutputs,
  pipeline,
  scratch,
} from './dsl/pipeline.ts'
export type { FunctionOptions } from './dsl/plan-builder.ts'
export type { Aggregated, ColumnOf, Extended, Joined, JoinOn, RowExprs } from './dsl/row-types.ts'
export type { OutputHandle } from './dsl/runner.ts'
export type { ColumnType, RowOfSchema, ScalarName, SchemaSpec, TypeText, ValueOfType } from './dsl/schema.ts'
export { asc, desc, type SortSpec } from './dsl/sort.ts'
export type { ConnectorOptions } from './io/connector.ts'
export type { CombineFn } from './ir/user-function.ts'
export type { RunOptions } from './run/options.ts'
export { RunOutput } from './run/output.ts'
export { type OutputsOf, type RunOutcome, run } from './run.ts'
export type { RunNotice } from './runtime/metrics/notices.ts'
export type {
  NodeMetrics,
  RowSpread,
  RunMetrics,
  RunProgress,
  Spread,
  StageMetrics,
  TaskMetrics,
} from './runtime/metrics.ts'
