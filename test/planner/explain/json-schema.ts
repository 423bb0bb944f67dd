/** The part of JSON Schema that our schema uses. */
export interface Schema {
  $ref?: string
  type?: string | readonly string[]
  const?: unknown
  enum?: readonly unknown[]
  minimum?: number
  required?: readonly string[]
  properties?: Readonly<Record<string, Schema>>
  additionalProperties?: Schema
  items?: Schema
  anyOf?: readonly Schema[]
  $defs?: Readonly<Record<string, Schema>>
}

const known = new Set(
  '$schema $id $ref $defs title description type const enum minimum required properties additionalProperties items anyOf'.split(
    ' ',
  ),
)

/** Where a value breaks a schema, one line each. */
export function breaches(value: unknown, schema: Schema, root: Schema = schema, path = '$'): string[] {
  const unknown = Object.keys(schema).filter((key) => !known.has(key))
  if (unknown.length > 0) return [`${path}: the checker does not know ${unknown.join(', ')}`]
  const found: string[] = []
  const go = (part: unknown, by: Schema, at: string): void => void found.push(...breaches(part, by, root, at))
  if (schema.$ref !== undefined) go(value, root.$defs![schema.$ref.slice('#/$defs/'.length)], path)
  if (schema.const !== undefined && value !== schema.const) found.push(`${path}: is not ${schema.const}`)
  if (schema.enum !== undefined && !schema.enum.includes(value)) found.push(`${path}: ${value} is not in the list`)
  if (schema.type !== undefined && ![schema.type].flat().some((type) => isOf(value, type)))
    found.push(`${path}: is no ${schema.type}`)
  if (schema.minimum !== undefined && typeof value === 'number' && value < schema.minimum)
    found.push(`${path}: is below ${schema.minimum}`)
  if (schema.anyOf !== undefined && !schema.anyOf.some((one) => breaches(value, one, root, path).length === 0))
    found.push(`${path}: fits none`)
  if (Array.isArray(value) && schema.items !== undefined) {
    const { items } = schema
    value.forEach((item, i) => {
      go(item, items, `${path}[${i}]`)
    })
  }
  if (!isOf(value, 'object')) return found
  const object = value as Record<string, unknown>
  for (const name of schema.required ?? []) if (!Object.hasOwn(object, name)) found.push(`${path}: has no ${name}`)
  for (const [name, part] of Object.entries(object)) {
    const by = schema.properties?.[name] ?? schema.additionalProperties
    if (by !== undefined) go(part, by, `${path}.${name}`)
  }
  return found
}

function isOf(value: unknown, type: string): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}
