// Reads the Prometheus text exposition format: series of numbers by name and labels. Text in, plain data out.
// See https://prometheus.io/docs/instrumenting/exposition_formats/

export interface MetricSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** NaN and infinities as the text gave them. */
  readonly value: number
}

/** What could be read of an exposition, and how much could not. */
export interface Exposition {
  readonly samples: readonly MetricSample[]
  /** Lines that are neither samples nor comments: garbage, or another format. */
  readonly badLines: number
}

const SAMPLE = /^([A-Za-z_:][A-Za-z0-9_:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/
const LABEL = /\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|$)/y
const MAX_SAMPLES = 100_000
/** Characters; no label of a DNS server comes near. */
const MAX_LINE = 65_536

/**
 * Parses an exposition, keeping what it understands.
 *
 * @param keep decides by name which samples are kept; all by default
 */
export function parseExposition(text: string, keep: (name: string) => boolean = () => true): Exposition {
  const samples: MetricSample[] = []
  let badLines = 0
  // Line by line: what some server gives may be one line of megabytes, or megabytes of line ends.
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\n', start)
    const line = text.slice(start, end === -1 ? undefined : end)
    start = end === -1 ? text.length : end + 1
    if (line === '' || line.startsWith('#') || line.trim() === '') continue
    const sample = line.length > MAX_LINE ? undefined : parseSample(line.endsWith('\r') ? line.slice(0, -1) : line)
    if (sample === undefined) badLines += 1
    else if (keep(sample.name) && samples.length < MAX_SAMPLES) samples.push(sample)
  }
  return { samples, badLines }
}

/** Adds up the samples of one name whose labels include `labels`; undefined when there is none: absent is not zero. */
export function sumSamples(
  samples: readonly MetricSample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = samples.filter(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  )
  return found.length === 0 ? undefined : found.reduce((sum, sample) => sum + sample.value, 0)
}

function parseSample(line: string): MetricSample | undefined {
  const match = SAMPLE.exec(line)
  if (match === null) return undefined
  const value = parseValue(match[3] ?? '')
  const labels = match[2] === undefined ? {} : parseLabels(match[2])
  if (value === undefined || labels === undefined) return undefined
  return { name: match[1] ?? '', labels, value }
}

function parseValue(text: string): number | undefined {
  if (/^[+-]?inf$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (/^nan$/i.test(text)) return Number.NaN
  const value = Number(text)
  return Number.isNaN(value) ? undefined : value
}

function parseLabels(text: string): Record<string, string> | undefined {
  const labels: Record<string, string> = {}
  const end = text.trimEnd().length
  let offset = 0
  while (offset < end) {
    LABEL.lastIndex = offset
    const match = LABEL.exec(text)
    if (match === null) return undefined
    labels[match[1] ?? ''] = unescapeLabel(match[2] ?? '')
    offset = LABEL.lastIndex
  }
  return labels
}

function unescapeLabel(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
}
