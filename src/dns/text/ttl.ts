// Spans of time as text: plain seconds, or numbers with units as BIND reads and writes them.

const UNITS: readonly (readonly [string, number])[] = [
  ['w', 604_800],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
]

/** Reads `3600` or `1h30m`, units in either case; undefined for other text and for more than 32 bits of seconds. */
export function parseTtl(text: string): number | undefined {
  if (/^\d{1,10}$/.test(text)) return within(Number(text))
  if (!/^(?:\d{1,10}[wdhms])+$/i.test(text)) return undefined
  let total = 0
  for (const [, count = '', unit = ''] of text.toLowerCase().matchAll(/(\d+)([a-z])/g)) {
    total += Number(count) * (UNITS.find(([name]) => name === unit)?.[1] ?? 0)
  }
  return within(total)
}

/** Writes seconds with units, `1h30m`; zero is `0s`. */
export function formatTtlUnits(ttl: number): string {
  let rest = ttl
  let text = ''
  for (const [unit, size] of UNITS) {
    const count = Math.trunc(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text === '' ? '0s' : text
}

function within(value: number): number | undefined {
  return value <= 4_294_967_295 ? value : undefined
}
