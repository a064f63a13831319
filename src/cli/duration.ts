// Durations of the command line.

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Reads `500ms`, `20s`, `1.5m`, `1h` or `1d`, or a number of seconds, to milliseconds; NaN for anything else. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,9}(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text)
  return match === null ? Number.NaN : Number(match[1]) * (UNITS_MS[match[2] ?? 's'] ?? Number.NaN)
}
