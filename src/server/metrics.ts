// Counters, gauges and histograms. Label sets are resolved once to a slot of a typed array, so that counting on the hot
// path allocates nothing; the text is made when somebody asks for it. One registry per process or test, none in a module.

/** A series of one label set, or the call that finds it. */
export interface Counter {
  inc(labels?: readonly string[], by?: number): void
  /** The series of these labels, found once; its `inc` allocates nothing. */
  labeled(labels: readonly string[]): { inc(by?: number): void }
}
export interface Gauge {
  set(value: number, labels?: readonly string[]): void
  remove(labels: readonly string[]): void
  labeled(labels: readonly string[]): { set(value: number): void; add(by: number): void }
}
export interface Histogram {
  observe(value: number, labels?: readonly string[]): void
  /** `times` observations of one value at once; 1 unless given. */
  labeled(labels: readonly string[]): { observe(value: number, times?: number): void }
}
export interface MetricDefinition {
  /** Without a prefix: the full name, `coredns_dns_requests_total`. */
  readonly name: string
  readonly help: string
  /** Label names; values are given in this order. */
  readonly labels?: readonly string[]
}
/** Registered once per process, so that a reload goes on counting: asking twice for one name gives the same series. */
export interface Metrics {
  counter(definition: MetricDefinition): Counter
  gauge(definition: MetricDefinition): Gauge
  /** `buckets` are the upper bounds, ascending, without +Inf. */
  histogram(definition: MetricDefinition & { readonly buckets: readonly number[] }): Histogram
  /** Calls `update` before each exposition; the result removes it. */
  onCollect(update: () => void): () => void
  /** All series in the text exposition format 0.0.4, families in alphabetical order. */
  render(): string
}
