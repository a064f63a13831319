// Counts every query of the block and shows all metrics of the server on one page.
import { dnsMetrics, mapOutcome, typeLabel } from '../../server/index.ts'
import type { DnsMetrics, HotCounts, Outcome, PluginEnv, PluginInstance, Request } from '../../server/index.ts'
import { httpEndpoint } from '../http-endpoint.ts'
import { mountDebugPages } from './debug-pages.ts'
import { collectRuntime } from './runtime-metrics.ts'
import type { PrometheusOptions } from './setup.ts'

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Makes the plugin's instance; blocks with the same address share the page. */
export function createPrometheus(options: PrometheusOptions, env: PluginEnv): PluginInstance {
  const { address, runtimeMetrics, tls } = options
  const endpoint = httpEndpoint(
    env,
    address,
    tls && { ...tls, ca: tls.clientCa, requestCert: tls.clientCa !== undefined },
  )
  const counters = createCounters(dnsMetrics(env.metrics))
  const enabled = createEnabledGauge(env)
  const unmounts: (() => void)[] = []

  return {
    handler: (request, next) =>
      mapOutcome(next(request), (outcome) => {
        const octets = env.render(request, outcome)
        const seconds = (env.clock.monotonic() - request.receivedAt) / 1000
        counters.count(request, outcome, { responseBytes: octets?.length ?? 0, seconds })
        return outcome
      }),
    hot: { counts: (request, outcome, responseBytes) => counters.prepare(request, outcome, responseBytes) },
    async start() {
      env.shared(
        `runtime-metrics:${runtimeMetrics}`,
        () => collectRuntime(env.metrics, { detailed: runtimeMetrics }),
        (stop) => stop(),
      )
      const metricsPage = endpoint.mount('/metrics', () => ({
        status: 200,
        contentType: CONTENT_TYPE,
        body: env.metrics.render(),
      }))
      unmounts.push(metricsPage)
      if (env.features.debugPages) unmounts.push(mountDebugPages(endpoint, env))
      await endpoint.open()
    },
    started: () => enabled.show(),
    async close() {
      enabled.hide()
      for (const unmount of unmounts) unmount()
    },
  }
}

// --- Which plugins take part ---

/** The series of one block; one that a later configuration shows too is left to it. */
function createEnabledGauge(env: PluginEnv): { show(): void; hide(): void } {
  const gauge = env.metrics.gauge({
    name: 'coredns_plugin_enabled',
    help: 'A metric that indicates whether a plugin is enabled on per server and zone basis.',
    labels: ['server', 'zone', 'view', 'name'],
  })
  const owners = env.shared('plugin-enabled', () => new Map<string, object>())
  const own = new Map<string, readonly string[]>()
  return {
    show() {
      const names = [...env.siblings()].filter(([, { handler }]) => handler !== undefined).map(([name]) => name)
      const { servers, zones } = env.block
      for (const server of servers) {
        for (const labels of zones.flatMap((zone) => names.map((name) => [server, zone, '', name]))) {
          const key = labels.join(' ')
          own.set(key, labels)
          owners.set(key, own)
          gauge.set(1, labels)
        }
      }
    },
    hide() {
      for (const [key, labels] of own) {
        if (owners.get(key) !== own) continue
        owners.delete(key)
        gauge.remove(labels)
      }
    },
  }
}

// --- Counting without allocation: the series of a (server, zone) pair are found once ---

interface Measured {
  readonly responseBytes: number
  readonly seconds: number
}

interface Series {
  inc(by?: number): void
}

interface Observations {
  observe(value: number, times?: number): void
}

interface ZoneSeries {
  readonly duration: Observations
  readonly dnssecOk: Series
  /** By `udp` and `tcp`: series appear once something is counted. */
  readonly byProto: Map<string, ProtoSeries>
  /** By rcode, then plugin. */
  readonly responses: Map<string, Map<string, Series>>
}

interface ProtoSeries {
  readonly requestSize: Observations
  readonly responseSize: Observations
  /** By type, for IPv4 and IPv6. */
  readonly requests: readonly [Map<string, Series>, Map<string, Series>]
}

interface Counters {
  count(request: Request, outcome: Outcome, measured: Measured): void
  /** Counts for many queries that are alike, without holding on to this one. */
  prepare(request: Request, outcome: Outcome, responseBytes: number): HotCounts
}

function createCounters(metrics: DnsMetrics): Counters {
  const byServer = new Map<string, Map<string, ZoneSeries>>()

  function seriesOf({ server, zone }: Request): ZoneSeries {
    const byZone = found(byServer, server, () => new Map<string, ZoneSeries>())
    return found(byZone, zone, () => zoneSeries(metrics, [server, zone, '']))
  }

  function protoOf({ server, zone, transport }: Request, series: ZoneSeries): ProtoSeries {
    const label = protoLabel(transport)
    return found(series.byProto, label, () => protoSeries(metrics, [server, zone, '', label]))
  }

  function requestsOf({ server, zone, family, type, transport }: Request, proto: ProtoSeries): Series {
    const label = typeLabel(type)
    return found(proto.requests[family === 1 ? 0 : 1], label, () =>
      metrics.requests.labeled([server, zone, '', protoLabel(transport), String(family), label]),
    )
  }

  function responsesOf({ server, zone }: Request, series: ZoneSeries, outcome: Outcome): Series | undefined {
    if (outcome.kind === 'drop') return undefined
    const rcode = outcome.kind === 'answer' ? outcome.message.rcode : outcome.rcode
    // Empty when the server itself writes the response.
    const plugin = outcome.kind === 'answer' ? outcome.by : ''
    const byPlugin = found(series.responses, rcode, () => new Map<string, Series>())
    return found(byPlugin, plugin, () => metrics.responses.labeled([server, zone, '', rcode, plugin]))
  }

  return {
    count(request, outcome, { responseBytes, seconds }) {
      const series = seriesOf(request)
      const proto = protoOf(request, series)
      requestsOf(request, proto).inc()
      proto.requestSize.observe(request.sizeBytes)
      proto.responseSize.observe(responseBytes)
      series.duration.observe(seconds)
      if (request.message.edns?.dnssecOk === true) series.dnssecOk.inc()
      responsesOf(request, series, outcome)?.inc()
    },
    prepare(request, outcome, responseBytes) {
      const series = seriesOf(request)
      const proto = protoOf(request, series)
      const requests = requestsOf(request, proto)
      const responses = responsesOf(request, series, outcome)
      const isDnssecOk = request.message.edns?.dnssecOk === true
      const { sizeBytes } = request
      return {
        add(hits) {
          requests.inc(hits)
          proto.requestSize.observe(sizeBytes, hits)
          proto.responseSize.observe(responseBytes, hits)
          if (isDnssecOk) series.dnssecOk.inc(hits)
          responses?.inc(hits)
        },
        duration: series.duration,
      }
    },
  }
}

/** What the map has for a key, made the first time. */
function found<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

function protoLabel(transport: Request['transport']): string {
  return transport === 'udp' ? 'udp' : 'tcp'
}

function zoneSeries(metrics: DnsMetrics, zone: readonly string[]): ZoneSeries {
  return {
    duration: metrics.duration.labeled(zone),
    dnssecOk: metrics.dnssecOk.labeled(zone),
    byProto: new Map(),
    responses: new Map(),
  }
}

function protoSeries(metrics: DnsMetrics, labels: readonly string[]): ProtoSeries {
  return {
    requestSize: metrics.requestSize.labeled(labels),
    responseSize: metrics.responseSize.labeled(labels),
    requests: [new Map(), new Map()],
  }
}
