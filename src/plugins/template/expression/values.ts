// Values of expressions.

export type ExpressionValue =
  | boolean
  | number
  | string
  | null
  | readonly ExpressionValue[]
  | ReadonlyMap<string, ExpressionValue>

export type ExpressionFunction = (...values: ExpressionValue[]) => ExpressionValue

/** Whether two values are the same, lists and maps by what they hold. */
export function isSame(one: ExpressionValue | undefined, other: ExpressionValue | undefined): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    const [left, right] = [one as readonly ExpressionValue[], other as readonly ExpressionValue[]]
    return left.length === right.length && left.every((item, index) => isSame(item, right[index]))
  }
  if (one instanceof Map && other instanceof Map) {
    const [left, right] = [one as ReadonlyMap<string, ExpressionValue>, other as ReadonlyMap<string, ExpressionValue>]
    return (
      left.size === right.size && [...left].every(([key, value]) => right.has(key) && isSame(value, right.get(key)))
    )
  }
  return one === other
}

/** For messages. */
export function typeName(value: ExpressionValue | undefined): string {
  if (value === null || value === undefined) return 'nil'
  if (Array.isArray(value)) return 'list'
  if (value instanceof Map) return 'map'
  return typeof value
}
