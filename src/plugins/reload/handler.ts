// Looks at the Corefile from time to time and asks for a reload when its content changed. One watcher per server,
// whatever the number of blocks that have `reload`.
import { describeError } from '../../base/index.ts'
import type { Timer } from '../../base/index.ts'
import type { PluginEnv, PluginInstance } from '../../server/index.ts'
import type { ReloadOptions } from './setup.ts'

/** What one configuration's blocks share: the first one's interval counts. */
interface Watched {
  /** The configuration that watches. */
  source?: object
  /** A content that was refused is not tried again until it changes. */
  rejectedHash?: string | undefined
  /** The last thing that was said about a file that could not be read or parsed. */
  complaint?: string | undefined
}

/** Makes the plugin's instance; it takes no part in the chain. */
export function createReload({ intervalMs, jitterMs }: ReloadOptions, env: PluginEnv): PluginInstance {
  const watched = env.shared<Watched>('reload', () => ({}))
  const metrics = createReloadMetrics(env)
  // Replicas that got the same file at the same time are not to change over at the same moment.
  const period = intervalMs + jitterMs * (env.randomId() / 65_536 - 0.5)
  let timer: Timer | undefined
  let closed = false

  function schedule(): void {
    if (closed) return
    timer = env.clock.setTimeout(() => void check().then(schedule), period)
    timer.unref()
  }

  async function check(): Promise<void> {
    const hash = currentHash()
    if (hash === undefined || hash === env.source.hash) {
      if (hash !== undefined && watched.rejectedHash !== undefined) accept()
      return
    }
    if (hash === watched.rejectedHash || env.isShuttingDown()) return
    try {
      await env.reload()
      accept()
    } catch (error) {
      watched.rejectedHash = hash
      metrics.rejected(hash)
      metrics.failed.inc()
      env.log.error(`Corefile changed but reload failed: ${describeError(error)}`)
    }
  }

  function currentHash(): string | undefined {
    try {
      const hash = env.source.currentHash()
      watched.complaint = undefined
      return hash
    } catch (error) {
      // Half-written files heal by themselves: the line comes once per fault, the count each time.
      metrics.parseErrors.inc()
      const complaint = describeError(error)
      if (complaint !== watched.complaint) env.log.warning(`Corefile parse failed: ${complaint}`)
      watched.complaint = complaint
      return undefined
    }
  }

  function accept(): void {
    watched.rejectedHash = undefined
    metrics.rejected(undefined)
  }

  return {
    started() {
      if (watched.source === env.source) return
      watched.source = env.source
      env.log.info(`Running configuration SHA512 = ${env.source.hash}`)
      metrics.running(env.source.hash)
      schedule()
    },
    async close() {
      closed = true
      timer?.clear()
    },
  }
}

function createReloadMetrics({ metrics, shared }: PluginEnv) {
  const shown = shared<{ running?: string; rejected?: string | undefined }>('reload-hashes', () => ({}))
  const version = metrics.gauge({
    name: 'coredns_reload_version_info',
    help: 'A metric to show the hash of the running Corefile.',
    labels: ['hash', 'value'],
  })
  const rejectedInfo = metrics.gauge({
    name: 'fathom_reload_rejected_info',
    help: 'The hash of a Corefile that could not be used; absent when the file is the running one.',
    labels: ['hash', 'value'],
  })
  const counters = {
    failed: metrics.counter({
      name: 'coredns_reload_failed_total',
      help: 'Counter of the number of failed reload attempts.',
    }),
    parseErrors: metrics.counter({
      name: 'fathom_reload_parse_errors_total',
      help: 'Counter of looks at a Corefile that could not be read or parsed.',
    }),
  }
  // Series that exist from the start can be alerted on.
  counters.failed.inc([], 0)
  counters.parseErrors.inc([], 0)
  return {
    ...counters,
    running(hash: string): void {
      if (shown.running !== undefined) version.remove(['sha512', shown.running])
      shown.running = hash
      version.set(1, ['sha512', hash])
    },
    rejected(hash: string | undefined): void {
      if (shown.rejected !== undefined) rejectedInfo.remove(['sha512', shown.rejected])
      shown.rejected = hash
      if (hash !== undefined) rejectedInfo.set(1, ['sha512', hash])
    },
  }
}
