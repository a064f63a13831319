// dig's columns: fields stand at tab stops where they fit, after one space where they do not.
import type { Settings } from './settings.ts'

const TAB = 8

/** Where the fields of a line begin, counted in characters. */
export interface Columns {
  readonly ttl: number
  readonly class: number
  readonly type: number
  readonly rdata: number
}

/** The columns for the fields that are shown. */
export function columnsFor({ multiline, showTtl, showClass }: Settings): Columns {
  if (multiline || (!showTtl && !showClass)) return { ttl: 24, class: 24, type: 24, rdata: 32 }
  if (!showTtl || !showClass) return { ttl: 24, class: 24, type: 32, rdata: 40 }
  return { ttl: 24, class: 32, type: 40, rdata: 48 }
}

/** A line that fields are added to, each at its column. */
export interface Line {
  text: string
  /** Characters so far, tabs counted as what they span; text before the first field is not counted. */
  column: number
}

/** Starts a line with a field; `prefix` is not counted for the columns. */
export function startLine(field: string, prefix = ''): Line {
  return { text: prefix + field, column: field.length }
}

/** Adds a field at a column, or after one space when the line is there already. */
export function addField(line: Line, column: number, field: string): void {
  const target = Math.max(column, line.column + 1)
  const tabs = Math.trunc(target / TAB) - Math.trunc(line.column / TAB)
  const from = tabs > 0 ? Math.trunc(target / TAB) * TAB : line.column
  line.text += '\t'.repeat(tabs) + ' '.repeat(target - from) + field
  line.column = target + field.length
}
