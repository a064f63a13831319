// Serves /health and asks itself every second, so that an overloaded process shows in its metrics.
import { get } from 'node:http'
import { formatGoDuration } from '../../base/index.ts'
import type { Timer } from '../../base/index.ts'
import type { PluginEnv, PluginInstance } from '../../server/index.ts'
import { httpEndpoint } from '../http-endpoint.ts'
import type { HealthOptions } from './setup.ts'

const PATH = '/health'
const POLL_INTERVAL_MS = 1000
const POLL_TIMEOUT_MS = 3000
const SLOW_MS = 1000

/** Makes the plugin's instance; it takes no part in the chain. */
export function createHealth({ address, lameduckMs }: HealthOptions, env: PluginEnv): PluginInstance {
  const endpoint = httpEndpoint(env, address)
  const url = `http://${address}${PATH}`
  const duration = env.metrics.histogram({
    name: 'coredns_health_request_duration_seconds',
    help: 'Histogram of the time (in seconds) each request took.',
    buckets: [0.000_25, 0.0025, 0.025, 0.25, 2.5],
  })
  const failures = env.metrics.counter({
    name: 'coredns_health_request_failures_total',
    help: 'The number of times the health check failed.',
  })
  let unmount: () => void = () => {}
  let timer: Timer | undefined
  let closed = false

  function poll(): void {
    const local = endpoint.local()
    if (local === undefined || closed) return
    const began = env.clock.monotonic()
    void requestSelf(local.address === '::' ? '127.0.0.1' : local.address, local.port).then((failure) => {
      if (closed) return
      const elapsedMs = env.clock.monotonic() - began
      duration.observe(elapsedMs / 1000)
      if (failure !== undefined) {
        failures.inc()
        env.log.warning(`Local health request to "${url}" failed: ${failure}`)
      } else if (elapsedMs > SLOW_MS) {
        env.log.warning(
          `Local health request to "${url}" took more than 1s: ${formatGoDuration(Math.round(elapsedMs))}`,
        )
      }
      schedule()
    })
  }
  function schedule(): void {
    timer = env.clock.setTimeout(poll, POLL_INTERVAL_MS)
    timer.unref()
  }

  return {
    async start() {
      unmount = endpoint.mount(PATH, () => ({ status: 200, body: 'OK' }))
      await endpoint.open()
    },
    started: schedule,
    async shutdown() {
      if (lameduckMs <= 0) return
      env.log.info(`Going into lameduck mode for ${formatGoDuration(lameduckMs)}`)
      await new Promise<void>((resolve) => {
        env.clock.setTimeout(resolve, lameduckMs)
      })
    },
    async close() {
      closed = true
      timer?.clear()
      unmount()
    },
  }
}

/** Undefined when it went well, else why not. Any status will do, as with CoreDNS: the time is what counts. */
async function requestSelf(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get({ host, port, path: PATH, timeout: POLL_TIMEOUT_MS, agent: false }, (response) => {
      response.resume()
      response.on('end', () => resolve(undefined))
    })
    request.on('timeout', () => request.destroy(new Error('no answer within 3s')))
    request.on('error', (error) => resolve(error.message))
  })
}
