// The files that kubelet gives a pod, and the lab's part of a node's.
import type { ObjectStore } from '../../cluster/object-store.ts'
import { mountedConfigMaps, podResolvConf } from '../../cluster/pod-files.ts'
import type { NodeFiles } from '../../cluster/pod-files.ts'
import { objectsAt, textAt } from '../../cluster/raw-object.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { isHostNetwork } from '../names.ts'

export interface PodFileOptions {
  readonly store: ObjectStore
  readonly nodeFiles: NodeFiles
  readonly kubernetesVersion: string
  readonly serviceAccount: (
    namespace: string,
    name: string,
  ) => { readonly token: string; readonly caCertificate: string }
}

export const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
/** What the libraries of most images do: this machine's own ways to find names stay out. */
const NSSWITCH = 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n'

/** Files that are made once, when a pod starts: path -> text. */
export function fixedPodFiles(pod: RawObject, options: PodFileOptions): Map<string, string> {
  const namespace = pod.metadata.namespace ?? 'default'
  const account = options.serviceAccount(namespace, textAt(pod, 'spec', 'serviceAccountName') || 'default')
  return new Map([
    ['/etc/resolv.conf', resolvConfNow(pod, options)],
    ['/etc/hosts', hostsFile(pod)],
    ['/etc/hostname', `${hostnameOf(pod)}\n`],
    ['/etc/nsswitch.conf', NSSWITCH],
    [`${SERVICE_ACCOUNT}/token`, account.token],
    [`${SERVICE_ACCOUNT}/ca.crt`, account.caCertificate],
    [`${SERVICE_ACCOUNT}/namespace`, namespace],
  ])
}

/** The /etc/resolv.conf that kubelet would write for a pod that starts now. */
export function resolvConfNow(pod: RawObject, { nodeFiles, kubernetesVersion }: PodFileOptions): string {
  return podResolvConf(pod, nodeFiles.get(textAt(pod, 'spec', 'nodeName')) ?? new Map(), kubernetesVersion)
}

/** Files of ConfigMaps as they are now: path -> text. */
export function mountedPodFiles(pod: RawObject, store: ObjectStore): Map<string, string> {
  const files = objectsAt(pod, 'spec', 'containers').flatMap((container) => mountedConfigMaps(store, pod, container))
  return new Map(
    files.flatMap(({ path, read }): [string, string][] => {
      const text = read()
      return text === undefined ? [] : [[path, text]]
    }),
  )
}

/** Directories that are mounted as a whole. */
export function mountedDirectories(pod: RawObject, store: ObjectStore): string[] {
  const files = mountedPodFiles(pod, store)
  return [...new Set([SERVICE_ACCOUNT, ...[...files.keys()].map((path) => path.slice(0, path.lastIndexOf('/')))])]
}

/** The name that programs in a pod see as their machine's. */
export function hostnameOf(pod: RawObject): string {
  if (isHostNetwork(pod)) return textAt(pod, 'spec', 'nodeName')
  return textAt(pod, 'spec', 'hostname') || pod.metadata.name
}

function hostsFile(pod: RawObject): string {
  const { namespace = 'default' } = pod.metadata
  const subdomain = textAt(pod, 'spec', 'subdomain')
  const hostname = hostnameOf(pod)
  const names = subdomain === '' ? hostname : `${hostname}.${subdomain}.${namespace}.svc.cluster.local\t${hostname}`
  const aliases = objectsAt(pod, 'spec', 'hostAliases').map(
    (alias) => `${textAt(alias, 'ip')}\t${hostnames(alias['hostnames']).join('\t')}`,
  )
  return [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    `${textAt(pod, 'status', 'podIP')}\t${names}`,
    ...(aliases.length === 0 ? [] : ['', '# Entries added by HostAliases.', ...aliases]),
    '',
  ].join('\n')
}

function hostnames(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : []
}
