// The process as dashboards want to see it: process_* as every Prometheus client has them, nodejs_* for the runtime.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import { PROGRAM_VERSION } from '../../base/index.ts'
import type { Metrics } from '../../server/index.ts'
import { openProcessFigures } from './process-figures.ts'

/** Adds the series to a registry; the result stops collecting. */
export function collectRuntime(metrics: Metrics, options: { readonly detailed: boolean }): () => void {
  const ofProcess = processCollector(metrics)
  const collectors = [ofProcess.collect, heapCollector(metrics)]
  if (options.detailed) collectors.push(heapSpaceCollector(metrics))
  const lag = eventLoopCollector(metrics)
  metrics
    .gauge({
      name: 'coredns_build_info',
      help: "A metric with a constant '1' value labeled by version, revision, and goversion.",
      labels: ['version', 'revision', 'goversion'],
    })
    .set(1, [`Fathom-${PROGRAM_VERSION}`, '', `node${process.versions.node}`])
  const remove = metrics.onCollect(() => {
    for (const collect of collectors) collect()
    lag.collect()
  })
  return () => {
    remove()
    ofProcess.stop()
    lag.stop()
  }
}

function processCollector(metrics: Metrics): { collect: () => void; stop: () => void } {
  const gauge = (name: string, help: string): ((value: number) => void) => {
    const made = metrics.gauge({ name, help })
    return (value) => made.set(value)
  }
  // A counter by its nature; set as a whole, since the kernel does the counting.
  const cpu = metrics.counter({
    name: 'process_cpu_seconds_total',
    help: 'Total user and system CPU time spent in seconds.',
  })
  const resident = gauge('process_resident_memory_bytes', 'Resident memory size in bytes.')
  const virtual = gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.')
  const maxVirtual = gauge('process_virtual_memory_max_bytes', 'Maximum amount of virtual memory available in bytes.')
  const openFds = gauge('process_open_fds', 'Number of open file descriptors.')
  const maxFds = gauge('process_max_fds', 'Maximum number of open file descriptors.')
  const startTime = gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.')
  const figures = openProcessFigures()
  let counted = 0
  return {
    collect() {
      const { user, system } = process.cpuUsage()
      const seconds = (user + system) / 1e6
      cpu.inc([], seconds - counted)
      counted = seconds
      startTime(Math.round((Date.now() / 1000 - process.uptime()) * 100) / 100)
      const { residentBytes, virtualBytes, maxVirtualBytes, openCount, maxCount } = figures.read()
      resident(residentBytes ?? process.memoryUsage.rss())
      if (virtualBytes !== undefined) virtual(virtualBytes)
      if (maxVirtualBytes !== undefined) maxVirtual(maxVirtualBytes)
      if (openCount !== undefined) openFds(openCount)
      if (maxCount !== undefined) maxFds(maxCount)
    },
    stop: () => figures.close(),
  }
}

function heapCollector(metrics: Metrics): () => void {
  const total = metrics.gauge({
    name: 'nodejs_heap_size_total_bytes',
    help: 'Process heap size from Node.js in bytes.',
  })
  const used = metrics.gauge({
    name: 'nodejs_heap_size_used_bytes',
    help: 'Process heap size used from Node.js in bytes.',
  })
  const external = metrics.gauge({
    name: 'nodejs_external_memory_bytes',
    help: 'Node.js external memory size in bytes.',
  })
  metrics
    .gauge({ name: 'nodejs_version_info', help: 'Node.js version info.', labels: ['version'] })
    .set(1, [process.version])
  return () => {
    // process.memoryUsage() opens a file to say the same.
    const usage = getHeapStatistics()
    total.set(usage.total_heap_size)
    used.set(usage.used_heap_size)
    external.set(usage.external_memory)
  }
}

function heapSpaceCollector(metrics: Metrics): () => void {
  const used = metrics.gauge({
    name: 'nodejs_heap_space_size_used_bytes',
    help: 'Process heap space size used from Node.js in bytes.',
    labels: ['space'],
  })
  return () => {
    for (const { space_name, space_used_size } of getHeapSpaceStatistics()) {
      used.set(space_used_size, [space_name.replace(/_space$/, '')])
    }
  }
}

/** How late the event loop runs: what a Go server would show as scheduling latency. */
function eventLoopCollector(metrics: Metrics): { collect: () => void; stop: () => void } {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  const gauges = (
    [
      ['nodejs_eventloop_lag_mean_seconds', 'The mean of the recorded event loop delays.', () => delay.mean],
      ['nodejs_eventloop_lag_max_seconds', 'The maximum recorded event loop delay.', () => delay.max],
      [
        'nodejs_eventloop_lag_p99_seconds',
        'The 99th percentile of the recorded event loop delays.',
        () => delay.percentile(99),
      ],
    ] as const
  ).map(([name, help, read]) => ({ gauge: metrics.gauge({ name, help }), read }))
  return {
    collect() {
      for (const { gauge, read } of gauges) {
        const seconds = read() / 1e9
        gauge.set(Number.isFinite(seconds) ? seconds : 0)
      }
      delay.reset()
    },
    stop: () => delay.disable(),
  }
}
