// The part of JSON Schema 2020-12 that our own schemas use, as a list of what is wrong. No validator is worth a dependency.

type Schema = Readonly<Record<string, unknown>>

const KNOWN = new Set([
  '$defs',
  '$ref',
  '$schema',
  'additionalProperties',
  'const',
  'description',
  'enum',
  'items',
  'minimum',
  'oneOf',
  'properties',
  'required',
  'title',
  'type',
])

/** Holds a value against a schema; every line names the place and what is wrong there. */
export function checkSchema(value: unknown, schema: Schema, root: Schema = schema, at = '$'): string[] {
  const unknown = Object.keys(schema).filter((keyword) => !KNOWN.has(keyword))
  if (unknown.length > 0) return [`${at}: the schema uses ${unknown.join(', ')}, which this check does not know`]
  const { $ref: ref } = schema
  if (typeof ref === 'string') {
    const definitions = (root['$defs'] ?? {}) as Readonly<Record<string, Schema>>
    const definition = definitions[ref.replace('#/$defs/', '')]
    return definition === undefined ? [`${at}: no definition ${ref}`] : checkSchema(value, definition, root, at)
  }
  return [
    ...checkAlternatives(value, schema, root, at),
    ...checkScalar(value, schema, at),
    ...checkProperties(value, schema, root, at),
    ...checkItems(value, schema, root, at),
  ]
}

function checkAlternatives(value: unknown, { oneOf }: Schema, root: Schema, at: string): string[] {
  if (!Array.isArray(oneOf)) return []
  const fitting = (oneOf as Schema[]).filter((schema) => checkSchema(value, schema, root, at).length === 0)
  return fitting.length === 1 ? [] : [`${at}: fits ${fitting.length} of ${oneOf.length} alternatives`]
}

function checkScalar(value: unknown, schema: Schema, at: string): string[] {
  const wrong: string[] = []
  const { type } = schema
  const types = Array.isArray(type) ? (type as readonly string[]) : typeof type === 'string' ? [type] : []
  if (types.length > 0 && !types.some((type) => isOfType(value, type))) {
    wrong.push(`${at}: is ${typeof value}, not ${types.join(' or ')}`)
  }
  if (Array.isArray(schema['enum']) && !schema['enum'].includes(value))
    wrong.push(`${at}: ${String(value)} is not allowed`)
  if ('const' in schema && schema['const'] !== value) wrong.push(`${at}: is not ${String(schema['const'])}`)
  if (typeof schema['minimum'] === 'number' && typeof value === 'number' && value < schema['minimum']) {
    wrong.push(`${at}: ${value} is below ${schema['minimum']}`)
  }
  return wrong
}

function checkProperties(value: unknown, schema: Schema, root: Schema, at: string): string[] {
  const properties = schema['properties'] as Readonly<Record<string, Schema>> | undefined
  if (properties === undefined || typeof value !== 'object' || value === null || Array.isArray(value)) return []
  const required = (schema['required'] ?? []) as readonly string[]
  const missing = required.filter((name) => !(name in value)).map((name) => `${at}: has no ${name}`)
  return Object.entries(value).reduce<string[]>((wrong, [name, own]) => {
    const property = properties[name]
    if (property !== undefined) return [...wrong, ...checkSchema(own, property, root, `${at}.${name}`)]
    return schema['additionalProperties'] === false ? [...wrong, `${at}: ${name} is not in the schema`] : wrong
  }, missing)
}

function checkItems(value: unknown, { items }: Schema, root: Schema, at: string): string[] {
  if (items === undefined || !Array.isArray(value)) return []
  return value.flatMap((item, index) => checkSchema(item, items as Schema, root, `${at}[${index}]`))
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    default:
      return typeof value === type
  }
}
