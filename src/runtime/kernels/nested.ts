import type { Kernel } from '../codegen/kernel.ts'
import { strictPlain } from '../codegen/kernel.ts'
import { columnSlot } from '../codegen/slot.ts'

const arrayLength: Kernel = (em, call) => {
  const [array] = call.args
  if (array.rep !== 'cell' || array.shape.store !== 'list') return undefined
  const offsets = em.hoist('f', `${em.hoist('c', array.path)}.offsets`)
  return strictPlain(em, call, () => `${offsets}[${array.index} + 1] - ${offsets}[${array.index}]`, false)
}

/** The field of a struct column is a column. */
const field: Kernel = (em, call) => {
  const [struct] = call.args
  const [, name] = call.exprs
  if (struct.rep !== 'cell' || struct.shape.store !== 'struct' || struct.type.kind !== 'struct' || name.e !== 'constant')
    return undefined
  const at = struct.type.fields.findIndex((other) => other.name === name.value)
  if (at < 0) return undefined
  const code = columnSlot(struct.shape.inner[at], `${struct.path}.children[${at}]`, struct.index).load(em)
  if (struct.isNull === 'false') return code
  return { ...code, isNull: code.isNull === 'false' ? struct.isNull : em.define('n', `${struct.isNull} || ${code.isNull}`) }
}

export const nestedKernels: readonly (readonly [string, Kernel])[] = [
  ['array_length', arrayLength],
  ['field', field],
]
