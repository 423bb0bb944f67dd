import { flowError, type MillraceError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import type { FnRef } from '../../ir/expr.ts'
import type { ImportedFunction, ParamSyntax, TypeSyntax, UnboundForm, UnboundNode, UnboundPlan, UnboundPort } from '../syntax.ts'
import type { NameAt } from './statements.ts'

/** What the building of a text program reads from outside. */
export interface FlowContext {
  /** Loads a module by its URL; what goes wrong is a MillraceError, with the place in the module where it can be told. */
  importModule(url: string): Promise<Record<string, unknown>>
  /** Text of a file; throws when there is none. */
  readFile(path: string): string | Promise<string>
  /** Folder that no import may leave. */
  projectRoot: string
}

/** A function that a text program imports. */
export type FlowFunction = (...args: never[]) => unknown

/** A dataset in scope: its nodes are made at first use and shared by all uses. */
export interface Dataset {
  name: string
  at: Place
  port(): UnboundPort
}

/** The names that a file defines or imports; datasets by the order of their definition. */
export interface FileScope {
  file: string
  datasets: Map<string, Dataset>
  types: Map<string, { type: TypeSyntax; at: Place }>
}

/** A plan in the making: grows while statements and imported files are read. */
export class FlowProgram {
  readonly nodes: UnboundNode[] = []
  readonly outputs: { name: string; port: UnboundPort }[] = []
  readonly params = new Map<string, ParamSyntax>()
  readonly types = new Map<string, { type: TypeSyntax; at: Place }>()
  readonly imports = new Map<string, ImportedFunction & { at: Place }>()
  readonly functions = new Map<FnRef['id'], FlowFunction>()
  // File names come from users.
  readonly sources: Record<string, string> = Object.create(null)
  readonly errors: MillraceError[] = []
  options: UnboundPlan['options'] = {}
  readonly context: FlowContext

  constructor(context: FlowContext) {
    this.context = context
  }

  add(form: UnboundForm, inputs: readonly UnboundPort[], at: Place): UnboundPort {
    const id = this.nodes.length
    this.nodes.push({ id, inputs, at, form })
    return { node: id, out: 0 }
  }

  /** Parameters of one name in several files are one parameter; the first declaration's default counts. */
  addParam(param: ParamSyntax): void {
    const known = this.params.get(param.name)
    if (known === undefined) this.params.set(param.name, param)
    else if (known.at.file === param.at.file) this.errors.push(duplicate('parameter', param, known.at))
    else if (writeType(known.type) !== writeType(param.type)) {
      const message = `parameter '${param.name}' is ${writeType(param.type)} here and ${writeType(known.type)} in '${known.at.file}'`
      this.errors.push(
        flowError('FLOW_DUPLICATE_NAME', message, { at: param.at, related: [{ at: known.at, text: 'declared here' }] }),
      )
    }
  }

  /** Types of all files share one list, so that equal names must mean equal types. */
  addType(name: string, type: TypeSyntax, at: Place): void {
    const known = this.types.get(name)
    if (known === undefined) this.types.set(name, { type, at })
    else if (known.at.file === at.file || writeType(known.type) !== writeType(type))
      this.errors.push(duplicate('type', { name, at }, known.at))
  }

  finish(name: string): UnboundPlan {
    return {
      program: name,
      nodes: this.nodes,
      outputs: this.outputs,
      params: [...this.params.values()],
      types: [...this.types].map(([typeName, { type }]) => ({ name: typeName, type })),
      imports: [...this.imports.values()].map(({ at: _, ...imported }) => imported),
      options: this.options,
      fns: [...new Map([...this.imports.values()].map(({ fn }) => [fn.id, fn])).values()],
      sources: this.sources,
    }
  }
}

export function duplicate(kind: string, { name, at }: Pick<NameAt, 'name' | 'at'>, first: Place): MillraceError {
  return flowError('FLOW_DUPLICATE_NAME', `${kind} '${name}' is defined twice`, {
    at,
    related: [{ at: first, text: 'first defined here' }],
  })
}

/** The text of a type as written, in one spelling. */
function writeType(type: TypeSyntax): string {
  if (type.t === 'array') return `array<${writeType(type.item)}>`
  if (type.t === 'name') return type.name.toLowerCase()
  return `struct<${type.fields.map((field) => `${field.name} ${writeType(field.type)}${field.notNull ? ' not null' : ''}`).join(', ')}>`
}
