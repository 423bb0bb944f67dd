import type { ColumnId, Expr, NodeId } from '../ir/expr.ts'
import type { Field, LogicalForm, LogicalNode, Output, Plan } from '../ir/logical.ts'
import type { PlannerOptions } from './options.ts'

/**
 * A rewrite of one node and what stands directly below it: pure, local, never changing a node in place.
 *
 * `apply` gives the node that stands for the old one from now on, under the old id and with the same row: one made by `ctx.build`, or an
 * input of the old node, which then has its row already. `undefined` means that the rule has nothing to do here.
 */
export interface Rule {
  name: string
  order: 'top-down' | 'bottom-up'
  apply(node: LogicalNode, ctx: RuleContext): LogicalNode | undefined
}

/** A rewrite that must see the whole plan at once. */
export interface Pass {
  name: string
  run(plan: Plan, ctx: PassContext): Plan
}

export interface PassContext {
  options: PlannerOptions
  fired(change: { nodes: readonly NodeId[]; before: string; after: string; reason: string }): void
}

export interface RuleContext {
  options: PlannerOptions
  /** The node that makes input `i`. */
  input(node: LogicalNode, i: number): LogicalNode
  /** Input `i` as the node sees it. */
  inputOutput(node: LogicalNode, i: number): Output
  /** Has the node more than one reader? What is pushed through it would then be computed twice. */
  isShared(node: LogicalNode): boolean
  build: Builder
  newColumn(): ColumnId
  /** Says why the rule changes the plan. */
  fired(reason: string): void
  /** Records that the pattern was there and a condition failed. */
  skip(node: LogicalNode, reason: string): undefined
}

/** Makes nodes that join the plan if the rule gives them back. They take the place of `ctx`'s node in the user's text. */
export interface Builder {
  filter(input: LogicalNode, predicate: Expr): LogicalNode
  /** `like` gives the flags of the output; its fields are those given. */
  project(input: LogicalNode, fields: readonly ComputedColumn[], like: Output): LogicalNode
  /** Any node; `output` undefined for a sink. */
  node(form: LogicalForm, inputs: readonly LogicalNode[], output: Output | undefined): LogicalNode
  /** The same operation on other inputs, perhaps with another output. */
  onto(node: LogicalNode, inputs: readonly LogicalNode[], output?: Output): LogicalNode
}

interface ComputedColumn {
  field: Field
  expr: Expr
}
