// Go's fmt.Sprintf, as far as records are written with it: %v %s %q %d %x %X %o %b %c %t %e %f %g %U %T %%, with flags,
// width and precision.
import { quoteGo } from '../../../base/index.ts'
import { printValue, type TemplateValue } from './values.ts'

/** Formats values; what does not fit its verb is shown the way Go shows it, never thrown. */
export function formatPrintf(format: string, values: readonly TemplateValue[]): string {
  let next = 0
  const take = (): { readonly value: TemplateValue } | undefined =>
    next < values.length ? { value: values[next++] } : undefined
  const text = format.replaceAll(
    /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?(.|$)/gsu,
    (_, flags: string, widthText: string | undefined, precisionText: string | undefined, verb: string) => {
      if (verb === '%') return '%'
      const width = size(widthText, take)
      const precision = size(precisionText, take)
      if (verb === '') return '%!(NOVERB)'
      const found = take()
      if (found === undefined) return `%!${verb}(MISSING)`
      return pad(formatVerb(verb, found.value, { flags, precision }), { flags, width, verb })
    },
  )
  if (next >= values.length) return text
  return `${text}%!(EXTRA ${values
    .slice(next)
    .map((value) => `${typeName(value)}=${printValue(value)}`)
    .join(', ')})`
}

function size(text: string | undefined, take: () => { readonly value: TemplateValue } | undefined): number | undefined {
  if (text === undefined) return undefined
  if (text !== '*') return Number(text)
  const value = take()?.value
  return typeof value === 'number' ? value : undefined
}

interface VerbOptions {
  readonly flags: string
  readonly precision: number | undefined
}

function formatVerb(verb: string, value: TemplateValue, options: VerbOptions): string {
  const wrong = (): string => `%!${verb}(${typeName(value)}=${printValue(value)})`
  switch (verb) {
    case 'v':
      return printValue(value)
    case 'T':
      return typeName(value)
    case 't':
      return typeof value === 'boolean' ? String(value) : wrong()
    case 's':
    case 'q': {
      if (typeof value === 'number' || typeof value === 'boolean') return wrong()
      const text = printValue(value)
      const cut = options.precision === undefined ? text : Array.from(text).slice(0, options.precision).join('')
      return verb === 's' ? cut : quoteGo(cut)
    }
    case 'x':
    case 'X': {
      const text = typeof value === 'string' ? Buffer.from(value).toString('hex') : integer(value, 16, options)
      if (text === undefined) return wrong()
      const prefixed = options.flags.includes('#') ? `0x${text}` : text
      return verb === 'X' ? prefixed.toUpperCase() : prefixed
    }
    case 'd':
      return integer(value, 10, options) ?? wrong()
    case 'o':
      return integer(value, 8, options) ?? wrong()
    case 'b':
      return integer(value, 2, options) ?? wrong()
    case 'c':
      return typeof value === 'number' ? String.fromCodePoint(value) : wrong()
    case 'U':
      return typeof value === 'number' ? `U+${value.toString(16).toUpperCase().padStart(4, '0')}` : wrong()
    case 'f':
    case 'F':
      return typeof value === 'number' ? signed(value, value.toFixed(options.precision ?? 6), options) : wrong()
    case 'e':
      return typeof value === 'number'
        ? signed(value, value.toExponential(options.precision ?? 6).replace(/e([-+])(\d)$/, 'e$10$2'), options)
        : wrong()
    case 'g':
      return typeof value === 'number' ? signed(value, String(value), options) : wrong()
    default:
      return wrong()
  }
}

function integer(value: TemplateValue, base: number, { flags, precision }: VerbOptions): string | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined
  const digits = Math.abs(value)
    .toString(base)
    .padStart(precision ?? 0, '0')
  return signed(value, value < 0 ? `-${digits}` : digits, { flags })
}

function signed(value: number, text: string, { flags }: Pick<VerbOptions, 'flags'>): string {
  if (value < 0) return text
  return flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text
}

function pad(
  text: string,
  options: { readonly flags: string; readonly width: number | undefined; readonly verb: string },
): string {
  const { flags, width = 0, verb } = options
  const missing = width - Array.from(text).length
  if (missing <= 0) return text
  if (flags.includes('-')) return text + ' '.repeat(missing)
  if (!flags.includes('0') || !'dxXobfFeg'.includes(verb)) return ' '.repeat(missing) + text
  const sign = /^[-+ ]/.exec(text)?.[0] ?? ''
  return sign + '0'.repeat(missing) + text.slice(sign.length)
}

function typeName(value: TemplateValue): string {
  if (value === null || value === undefined) return '<nil>'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'string' ? 'string' : typeof value === 'function' ? 'func' : 'object'
}
