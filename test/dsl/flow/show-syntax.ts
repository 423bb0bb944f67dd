import type { ItemSyntax, Syntax, TypeSyntax } from '../../../src/dsl/syntax.ts'

/** A syntax tree as one line: calls as `name(args)`, so that precedence and flattening can be read off. */
export function showSyntax(syntax: Syntax): string {
  const all = (list: readonly Syntax[]): string => list.map(showSyntax).join(', ')
  switch (syntax.s) {
    case 'name':
      return syntax.quoted ? `\`${syntax.name}\`` : syntax.name
    case 'field':
      return `${showSyntax(syntax.of)}.${syntax.name}`
    case 'index':
      return `${showSyntax(syntax.of)}[${showSyntax(syntax.index)}]`
    case 'number':
      return syntax.text
    case 'string':
      return JSON.stringify(syntax.value)
    case 'bool':
      return String(syntax.value)
    case 'null':
      return 'null'
    case 'typed':
      return `${syntax.type.kind}:${syntax.text}`
    case 'param':
      return `@${syntax.name}`
    case 'call': {
      const named = syntax.named.map(({ name, value }) => `${name}=>${showSyntax(value)}`)
      const args = [
        ...(syntax.distinct ? ['distinct'] : []),
        ...(syntax.star ? ['*'] : []),
        ...syntax.args.map(showSyntax),
        ...named,
      ]
      return `${syntax.fn}(${args.join(', ')}${syntax.where ? ` where ${showSyntax(syntax.where)}` : ''})`
    }
    case 'cast':
      return `${syntax.safe ? 'safe_cast' : 'cast'}(${showSyntax(syntax.value)} as ${showType(syntax.type)})`
    case 'case': {
      const arms = syntax.arms.map(({ when, then }) => `${showSyntax(when)}: ${showSyntax(then)}`)
      return `case(${syntax.operand ? `${showSyntax(syntax.operand)}; ` : ''}${arms.join(', ')}${syntax.else ? `; ${showSyntax(syntax.else)}` : ''})`
    }
    case 'array':
      return `[${all(syntax.items)}]`
    case 'struct':
      return `{${syntax.fields.map(({ name, value }) => `${name === undefined ? '' : `${name}: `}${showSyntax(value)}`).join(', ')}}`
    case 'between':
      return `${syntax.negated ? 'not_' : ''}between(${all([syntax.value, syntax.low, syntax.high])})`
    case 'in':
      return `${syntax.negated ? 'not_' : ''}in(${showSyntax(syntax.value)}; ${all(syntax.list)})`
  }
}

export function showType(type: TypeSyntax): string {
  if (type.t === 'array') return `array<${showType(type.item)}>`
  if (type.t === 'name') return type.name
  return `struct<${type.fields.map((field) => `${field.name} ${showType(field.type)}${field.notNull ? ' not null' : ''}`).join(', ')}>`
}

export function showItem(item: ItemSyntax): string {
  if (item.item === 'expr') return `${showSyntax(item.value)}${item.name === undefined ? '' : ` as ${item.name}`}`
  const except = item.except.length > 0 ? ` except ${item.except.map(({ name }) => name).join(' ')}` : ''
  const replace = item.replace.map(({ name, value }) => ` replace ${name}=${showSyntax(value)}`).join('')
  return `${item.of === undefined ? '' : `${item.of}.`}*${except}${replace}`
}
