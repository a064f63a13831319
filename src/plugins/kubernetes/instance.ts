// The plugin's life: connect, wait for the objects, answer, hand the watch to the next configuration.
import { UsageError, describeError, type Clock } from '../../base/index.ts'
import { ClusterIndex, type SchemaEnv } from '../../kube/schema/index.ts'
import type { Logger, PluginEnv, PluginInstance } from '../../server/index.ts'
import type { ClusterApi } from '../cluster-api.ts'
import { readSearchList } from '../search-list.ts'
import { ClusterWatch } from './cluster-watch.ts'
import { connectToCluster } from './connect.ts'
import { createHandler } from './handler.ts'
import { labelQuery, podOf } from './labels.ts'
import { localAddresses } from './local-addresses.ts'
import { createKubernetesMetrics } from './metrics.ts'
import type { KubernetesOptions } from './setup.ts'

/** How often the log says that the start still waits. */
const WAITING_LINE_MS = 500

/** Makes the instance that the zones of one block share. */
export function createKubernetes(options: KubernetesOptions, env: PluginEnv): PluginInstance {
  const before = new ClusterIndex()
  let watch: ClusterWatch | undefined
  let addresses: readonly string[] = []
  let hostSearch: readonly string[] = []
  const schemaEnv: SchemaEnv = {
    get localAddresses() {
      return addresses
    },
    get serial() {
      return watch?.serial ?? 0
    },
    get synced() {
      return watch?.isSynced ?? false
    },
  }
  const api: ClusterApi = {
    kind: 'cluster',
    get index() {
      return watch?.index ?? before
    },
    options: options.schema,
    env: schemaEnv,
    searchPathOf(request) {
      const { zones } = options.schema
      const zone = zones.find((each) => request.name === each || request.name.endsWith(`.${each}`) || each === '.')
      const pod = podOf(request, api)
      if (zone === undefined || pod === undefined) return undefined
      const below = zone === '.' ? '' : zone
      return [`${pod.namespace}.svc.${below}`, `svc.${below}`, zone, ...hostSearch, '']
    },
  }
  return {
    api,
    handler: createHandler(options, api, env),
    metadata: (request, labels) => labelQuery(request, labels, api),
    isReady: () => schemaEnv.synced,
    async start() {
      addresses = localAddresses(env.block.addresses)
      hostSearch = readHostSearch(env)
      watch = await openWatch(options, env).catch((error: unknown) => {
        throw new UsageError('bad-configuration', `plugin/kubernetes: ${describeError(error)}`, { cause: error })
      })
      watch.start()
      await waitForObjects(watch, { clock: env.clock, log: env.log, timeoutMs: options.startupTimeoutMs })
    },
  }
}

/** One watch for all configurations that ask for the same objects of the same cluster, so that a reload need not wait. */
function openWatch(options: KubernetesOptions, env: PluginEnv): Promise<ClusterWatch> {
  const { connection, labels, namespaceLabels, schema } = options
  const { kubeconfig, tls } = connection
  const paths = [kubeconfig?.path, tls?.ca, tls?.cert, tls?.key].filter((path) => path !== undefined)
  const changed = paths.map((path) => env.files.stat(path)?.mtimeMs)
  const kinds = [schema.endpoints, schema.pods === 'verified', schema.multiclusterZones.length > 0]
  const key = `kubernetes ${JSON.stringify([connection, changed, labels, namespaceLabels, kinds])}`
  return env.shared(
    key,
    async () =>
      new ClusterWatch(options, {
        client: await connectToCluster(connection, env),
        clock: env.clock,
        random: () => env.randomId() / 65_536,
        warn: (line) => env.log.error(line),
        metrics: createKubernetesMetrics(env.metrics),
      }),
    async (opening) => {
      const opened = await opening.catch(() => undefined)
      await opened?.close()
    },
  )
}

/** Waits until everything is read, but no longer than the time-out; says so in CoreDNS's words. */
async function waitForObjects(
  watch: ClusterWatch,
  { clock, log, timeoutMs }: { readonly clock: Clock; readonly log: Logger; readonly timeoutMs: number },
): Promise<void> {
  const synced = watch.synced()
  const until = clock.monotonic() + timeoutMs
  while (!watch.isSynced) {
    const restMs = until - clock.monotonic()
    if (restMs <= 0) {
      log.warning('starting server with unsynced Kubernetes API')
      return
    }
    const waitMs = Math.min(WAITING_LINE_MS, restMs)
    const pause = new Promise<void>((resolve) => void clock.setTimeout(resolve, waitMs))
    await Promise.race([synced, pause])
    if (!watch.isSynced && waitMs === WAITING_LINE_MS) log.info('waiting for Kubernetes API before starting server')
  }
}

/** The search list of the machine's resolv.conf, which `autopath` puts behind the cluster's. */
function readHostSearch({ files }: PluginEnv): readonly string[] {
  try {
    return readSearchList(files.readText('/etc/resolv.conf'))
  } catch {
    return []
  }
}
