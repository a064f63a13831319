// The one collector: from a cluster, from manifests, or from a lab to the same shape.
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import type { KubeClient } from '../../kube/api/index.ts'
import type { LintOptions } from '../../corefile/index.ts'
import type { ClusterObjects } from '../../kube/objects/index.ts'
import type { Vantages } from '../../vantage/vantage.ts'
import { withProblems } from './derive/corefile.ts'
import { deriveDns } from './derive/dns-facts.ts'
import { collectNodes, type ReadNodeFile } from './derive/kubelet.ts'
import type { ClusterFacts, FactSource, MissingFact, ServerVersion } from './facts.ts'
import { readManifests, type ManifestOptions } from './manifests/read-manifests.ts'
import {
  ALL_FACT_KINDS,
  CONFIG_MAP_NAMESPACE,
  parseServerVersion,
  readCluster,
  readConfigMaps,
} from './read-cluster.ts'
import type { ClusterReading, FactKind } from './read-cluster.ts'

export interface CollectOptions {
  /** Milliseconds since the epoch, for `collectedAt`. */
  readonly now: number
  readonly signal?: AbortSignal | undefined
  /** Reads a Corefile's options as the server does; absent: only its directives are looked at. */
  readonly validateCorefile?: LintOptions['validate']
}

export interface ClusterCollectOptions extends CollectOptions {
  /** Default: all. */
  readonly kinds?: readonly FactKind[]
  /** For each answer of the API server, milliseconds; default 10,000. */
  readonly timeoutMs?: number
  /** Where nodes' files can be read from; absent: nowhere. */
  readonly vantages?: Vantages | undefined
  /** Name of the lab that the client talks to; absent for a real cluster. */
  readonly lab?: string | undefined
}

/**
 * Collects the facts of a running cluster with a handful of list calls.
 *
 * @throws {KubeApiError} the API server cannot be reached, does not know the user, or allows no list at all
 */
export async function collectFromCluster(client: KubeClient, options: ClusterCollectOptions): Promise<ClusterFacts> {
  const { kinds = ALL_FACT_KINDS, timeoutMs = 10_000, signal, vantages, lab } = options
  const readOptions = { kinds, timeoutMs, signal }
  const reading = await withDnsNamespace(client, await readCluster(client, readOptions), readOptions)
  const { access } = client
  const description = access.context === '' ? access.origin : `context "${access.context}" (${access.server})`
  return assemble(reading, {
    source: {
      kind: lab === undefined ? 'kubeconfig' : 'lab',
      description: lab === undefined ? description : `lab "${lab}" (${access.server})`,
      context: access.context,
      server: access.server,
      namespace: access.namespace,
    },
    now: options.now,
    validateCorefile: options.validateCorefile,
    readNodeFile: vantages && nodeFilesThrough(vantages),
  })
}

/**
 * Collects the facts that manifests hold.
 *
 * A folder may hold nodes' files too, each under `nodes/NODE/` and its own absolute path.
 *
 * @throws {ManifestError} see {@link readManifests}
 */
export async function collectFromManifests(
  options: CollectOptions & ManifestOptions,
): Promise<{ readonly facts: ClusterFacts; readonly notes: readonly string[] }> {
  const manifests = await readManifests(options)
  const serverVersion = versionOfNodes(manifests.objects)
  const facts = await assemble(
    {
      objects: manifests.objects,
      missing: missingKinds(manifests.objects),
      ...(serverVersion === undefined ? {} : { serverVersion }),
    },
    {
      source: {
        kind: 'manifests',
        description: `manifests ${options.paths.map((path) => (path === '-' ? 'from standard input' : path)).join(', ')}`,
        context: '',
        server: '',
        namespace: 'default',
      },
      now: options.now,
      validateCorefile: options.validateCorefile,
      readNodeFile: manifests.folders.length === 0 ? undefined : nodeFilesIn(manifests.folders),
    },
  )
  const notes = manifests.problems.map(({ path, at, why }) => `${path}${at === '' ? '' : ` (${at})`}: ${why}; left out`)
  return { facts, notes }
}

interface AssembleOptions {
  readonly source: FactSource
  readonly now: number
  readonly readNodeFile: ReadNodeFile | undefined
  readonly validateCorefile: LintOptions['validate'] | undefined
}

async function assemble(reading: ClusterReading, options: AssembleOptions): Promise<ClusterFacts> {
  const { objects, serverVersion } = reading
  const { parse } = await import('yaml')
  const first = deriveDns(objects, [])
  const { nodes, missing } = await collectNodes({
    objects,
    nodeCaches: first.nodeCaches,
    dnsServiceIPs: first.service?.clusterIPs ?? [],
    clusterDomain: first.clusterDomain.value,
    readNodeFile: options.readNodeFile,
    isCopy: options.source.kind === 'manifests',
    parseYaml: (text) => parse(text, { logLevel: 'error' }) as unknown,
  })
  // What kubelets give to pods decides which Service is the DNS Service, so the derivation runs again with it.
  const seen = nodes.filter(({ kubelet }) => kubelet.clusterDNS.origin !== 'computed')
  const handedOut = [...new Set(seen.flatMap(({ kubelet }) => kubelet.clusterDNS.value))]
  const dns = handedOut.length === 0 ? first : deriveDns(objects, handedOut)
  const corefile = dns.corefile && (await withProblems(dns.corefile, objects.configMaps, options.validateCorefile))
  return {
    schemaVersion: 1,
    source: options.source,
    collectedAt: new Date(options.now).toISOString(),
    objects,
    missing: [...reading.missing, ...missing],
    dns: corefile === undefined ? dns : { ...dns, corefile },
    nodes,
    ...(serverVersion === undefined ? {} : { serverVersion }),
  }
}

/** OpenShift's DNS, and charts', lie in namespaces of their own: their ConfigMaps are read once the Service is known. */
async function withDnsNamespace(
  client: KubeClient,
  reading: ClusterReading,
  options: Parameters<typeof readCluster>[1],
): Promise<ClusterReading> {
  const namespace = deriveDns(reading.objects, []).service?.service.meta.namespace
  if (namespace === undefined || namespace === CONFIG_MAP_NAMESPACE || !options.kinds.includes('configMaps')) {
    return reading
  }
  const more = await readConfigMaps(client, namespace, options)
  return {
    ...reading,
    objects: { ...reading.objects, configMaps: [...reading.objects.configMaps, ...more.objects.configMaps] },
    missing: [...reading.missing, ...more.missing],
  }
}

// --- Nodes' files ---

function nodeFilesThrough(vantages: Vantages): ReadNodeFile {
  return async (node, path) => {
    const vantage = await vantages.at({ kind: 'node', name: node })
    if ('kind' in vantage) return { why: vantage.why, needs: vantage.needs ?? `a place to ask from on ${node}` }
    const result = await vantage.readFile(path)
    if (result.kind === 'file') return result.text
    return result.kind === 'absent'
      ? undefined
      : { why: result.why, needs: result.needs ?? `a place to ask from on ${node}` }
  }
}

function nodeFilesIn(folders: readonly string[]): ReadNodeFile {
  return async (node, path) => {
    if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(node) || path.split('/').includes('..')) return undefined
    for (const folder of folders) {
      try {
        return readFileSync(join(folder, 'nodes', node, path), 'utf8')
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code
        if (code !== 'ENOENT' && code !== 'ENOTDIR') return { why: String(error), needs: 'permission to read the file' }
      }
    }
    return undefined
  }
}

// --- What manifests lack ---

const DNS_NEEDS = ['services', 'endpointSlices', 'pods', 'namespaces', 'nodes', 'configMaps'] as const

function missingKinds(objects: ClusterObjects): MissingFact[] {
  return DNS_NEEDS.filter((kind) => objects[kind].length === 0).map((kind) => ({
    what: kind,
    why: `the manifests hold no ${kind}`,
    needs: `"kubectl get ${kind.toLowerCase()} -A -o json" among the manifests`,
  }))
}

function versionOfNodes(objects: ClusterObjects): ServerVersion | undefined {
  const version = objects.nodes.map((node) => node.kubeletVersion).find((text) => text !== '')
  return version === undefined ? undefined : parseServerVersion(version)
}
