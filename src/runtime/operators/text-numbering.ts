import type { Schema } from '../../data/type.ts'
import type { PhysicalNodeOf } from '../../ir/physical.ts'
import type { TextNumbering, TextNumbers } from '../operator.ts'
import type { GroupStore } from './group-store.ts'

/** Can an aggregate have the texts of its key numbered by who makes them? If there is one key, and no function reads it too. */
export function textNumberingOf(
  { keys, calls }: PhysicalNodeOf<'aggregate'>['spec'],
  fields: Schema,
  currentStore: () => GroupStore,
): TextNumbering | undefined {
  const [column] = keys
  if (keys.length !== 1 || (fields[column].type.kind !== 'string' && fields[column].type.kind !== 'bytes')) return undefined
  if (calls.some(({ args, where }) => args.includes(column) || where === column)) return undefined
  return { column, texts: () => currentStore().table.texts as TextNumbers }
}
