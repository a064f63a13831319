// /proc/net/stat/nf_conntrack: a header of names, then one line of hexadecimal counters for each processor.
import type { ConntrackStatistics } from './tables.ts'

/** The counters of the file; the limits come from sysctls. Undefined for text that is none. */
export function parseConntrackStatistics(text: string): Omit<ConntrackStatistics, 'buckets' | 'max'> | undefined {
  const [header = '', ...rows] = text.trimEnd().split('\n')
  const names = header.trim().split(/\s+/)
  if (!names.includes('insert_failed') || rows.length === 0) return undefined
  const values = rows.map((row) =>
    row
      .trim()
      .split(/\s+/)
      .map((word) => Number.parseInt(word, 16)),
  )
  const sum = (name: string): number => {
    const column = names.indexOf(name)
    return column < 0 ? 0 : values.reduce((total, row) => total + (row[column] ?? 0), 0)
  }
  // Every row repeats the size of the whole table.
  const entries = values[0]?.[names.indexOf('entries')] ?? 0
  return {
    entries,
    insertFailed: sum('insert_failed'),
    drop: sum('drop'),
    earlyDrop: sum('early_drop'),
    invalid: sum('invalid'),
  }
}
