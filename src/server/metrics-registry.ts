// The one registry of a server: keeps series in typed arrays and writes them in the Prometheus text format.
// Our own instead of prom-client's: that one looks every label set up by hashing an object, and cannot read a histogram
// that was counted elsewhere. Knows no metric by name.
import type { Counter, Gauge, Histogram, MetricDefinition, Metrics } from './metrics.ts'

type Kind = 'counter' | 'gauge' | 'histogram'

/** All metrics of one server. */
export type MetricsRegistry = Metrics

/** Makes an empty registry; servers of one process have one each. */
export function createMetrics(): MetricsRegistry {
  const families = new Map<string, Family>()
  const collectors = new Set<() => void>()

  function family(kind: Kind, definition: MetricDefinition, buckets: readonly number[] = []): Family {
    const found = families.get(definition.name)
    if (found !== undefined) {
      if (found.kind === kind && found.labelNames.join(',') === (definition.labels ?? []).join(',')) return found
      throw new TypeError(`Cannot register metric ${definition.name}: it exists with another type or other labels`)
    }
    const made = new Family(kind, definition, buckets)
    families.set(definition.name, made)
    return made
  }

  return {
    counter: (definition) => new SeriesCounter(family('counter', definition)),
    gauge: (definition) => new SeriesGauge(family('gauge', definition)),
    histogram: (definition) => new SeriesHistogram(family('histogram', definition, definition.buckets)),
    onCollect(update) {
      collectors.add(update)
      return () => collectors.delete(update)
    },
    render() {
      for (const update of collectors) update()
      const names = [...families.keys()].sort()
      return names.map((name) => families.get(name)?.render() ?? '').join('')
    },
  }
}

const NO_LABELS: readonly string[] = []

class SeriesCounter implements Counter {
  readonly #family: Family

  constructor(family: Family) {
    this.#family = family
    if (family.labelNames.length === 0) family.slot(NO_LABELS)
  }

  inc(labels: readonly string[] = NO_LABELS, by = 1): void {
    this.#family.add(this.#family.slot(labels), by)
  }

  labeled(labels: readonly string[]): { inc(by?: number): void } {
    const family = this.#family
    const slot = family.slot(labels)
    return { inc: (by = 1) => family.add(slot, by) }
  }
}

class SeriesGauge implements Gauge {
  readonly #family: Family

  constructor(family: Family) {
    this.#family = family
  }

  set(value: number, labels: readonly string[] = NO_LABELS): void {
    this.#family.set(this.#family.slot(labels), value)
  }

  remove(labels: readonly string[]): void {
    this.#family.remove(labels)
  }

  labeled(labels: readonly string[]): { set(value: number): void; add(by: number): void } {
    const family = this.#family
    return {
      set: (value) => family.set(family.slot(labels), value),
      add: (by) => family.add(family.slot(labels), by),
    }
  }
}

class SeriesHistogram implements Histogram {
  readonly #family: Family

  constructor(family: Family) {
    this.#family = family
    if (family.labelNames.length === 0) family.slot(NO_LABELS)
  }

  observe(value: number, labels: readonly string[] = NO_LABELS): void {
    this.#family.observe(this.#family.slot(labels), value)
  }

  labeled(labels: readonly string[]): { observe(value: number, times?: number): void } {
    const family = this.#family
    const slot = family.slot(labels)
    return { observe: (value, times = 1) => family.observe(slot, value, times) }
  }
}

/** One metric name: a slot of `#values` per label set (histograms: one per bucket, then +Inf, then the sum). */
class Family {
  readonly kind: Kind
  readonly name: string
  readonly labelNames: readonly string[]
  readonly #help: string
  readonly #buckets: readonly number[]
  readonly #width: number
  readonly #slots = new Map<string, { readonly slot: number; readonly text: string }>()
  #values: Float64Array
  #used = 0

  constructor(kind: Kind, definition: MetricDefinition, buckets: readonly number[]) {
    this.kind = kind
    this.name = definition.name
    this.labelNames = definition.labels ?? []
    this.#help = definition.help
    this.#buckets = buckets
    this.#width = kind === 'histogram' ? buckets.length + 2 : 1
    this.#values = new Float64Array(this.#width * 4)
  }

  slot(labels: readonly string[]): number {
    const key = labels.length === 1 ? (labels[0] ?? '') : labels.join('\u0000')
    const found = this.#slots.get(key)
    if (found !== undefined) return found.slot
    if (labels.length !== this.labelNames.length) {
      throw new TypeError(`Cannot count ${this.name}: ${labels.length} label values, wanted ${this.labelNames.length}`)
    }
    const slot = this.#used
    this.#used += this.#width
    if (this.#used > this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2)
      larger.set(this.#values)
      this.#values = larger
    }
    // In alphabetical order, as Go's client has them: people grep for the first one.
    const text = this.labelNames
      .map((name, index) => `${name}="${escapeLabel(labels[index] ?? '')}"`)
      .sort()
      .join(',')
    this.#slots.set(key, { slot, text })
    return slot
  }

  /** Forgets a series; its place is not used again, which is fine for the few that ever go. */
  remove(labels: readonly string[]): void {
    this.#slots.delete(labels.join('\u0000'))
  }

  add(slot: number, by: number): void {
    this.#values[slot] = (this.#values[slot] ?? 0) + by
  }

  set(slot: number, value: number): void {
    this.#values[slot] = value
  }

  observe(slot: number, value: number, times = 1): void {
    const buckets = this.#buckets
    let index = 0
    while (index < buckets.length && value > (buckets[index] ?? 0)) index += 1
    this.add(slot + index, times)
    this.add(slot + buckets.length + 1, value * times)
  }

  render(): string {
    if (this.#slots.size === 0) return ''
    const lines = [`# HELP ${this.name} ${escapeHelp(this.#help)}`, `# TYPE ${this.name} ${this.kind}`]
    for (const { slot, text } of [...this.#slots.values()].sort((a, b) => (a.text < b.text ? -1 : 1))) {
      if (this.kind === 'histogram') this.#renderHistogram(lines, slot, text)
      else lines.push(`${this.name}${text === '' ? '' : `{${text}}`} ${formatValue(this.#values[slot] ?? 0)}`)
    }
    return `${lines.join('\n')}\n`
  }

  #renderHistogram(lines: string[], slot: number, text: string): void {
    const comma = text === '' ? '' : ','
    const braced = text === '' ? '' : `{${text}}`
    let total = 0
    for (let index = 0; index <= this.#buckets.length; index += 1) {
      total += this.#values[slot + index] ?? 0
      const bound = this.#buckets[index]
      const le = bound === undefined ? '+Inf' : formatValue(bound)
      lines.push(`${this.name}_bucket{${text}${comma}le="${le}"} ${total}`)
    }
    lines.push(`${this.name}_sum${braced} ${formatValue(this.#values[slot + this.#buckets.length + 1] ?? 0)}`)
    lines.push(`${this.name}_count${braced} ${total}`)
  }
}

/** Numbers as Go's client writes them: shortest form, exponent with two digits. */
function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  if (Number.isNaN(value)) return 'NaN'
  const magnitude = Math.abs(value)
  if (magnitude >= 1e21 || (magnitude !== 0 && magnitude < 1e-4)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  }
  return String(value)
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function escapeHelp(help: string): string {
  return help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}
