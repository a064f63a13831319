// The files that kubelet gives a pod: /etc/resolv.conf by its dnsPolicy, mounted ConfigMaps, its ServiceAccount.
import { parse } from 'yaml'
import { EMPTY_RESOLV_CONF, MAX_NAMESERVERS, formatResolvConf, parseResolvConf } from '../../route/index.ts'
import type { ResolvConf } from '../../route/index.ts'
import { isJsonObject } from '../../kube/objects/index.ts'
import type { Json } from '../../kube/objects/index.ts'
import type { ObjectStore } from './object-store.ts'
import { objectAt, objectsAt, textAt, textMapAt, textsAt, valueAt } from './raw-object.ts'
import type { RawObject } from './raw-object.ts'
import { CONFIG_MAP_TYPE } from './resource-types.ts'

/** Node name -> absolute path -> text; faults change it. */
export type NodeFiles = Map<string, Map<string, string>>

const KUBELET_CONFIG = '/var/lib/kubelet/config.yaml'
const KUBELET_FLAGS = '/var/lib/kubelet/kubeadm-flags.env'
const DEFAULT_RESOLV_CONF = '/etc/resolv.conf'

/** What a node's kubelet was told about DNS: flags win over the configuration file. */
export interface KubeletDns {
  readonly clusterDns: readonly string[]
  readonly clusterDomain: string
  readonly resolvConf: string
}

/** Reads a node's kubelet configuration and flags. */
export function kubeletDns(files: ReadonlyMap<string, string>): KubeletDns {
  const parsed: unknown = parse(files.get(KUBELET_CONFIG) ?? '')
  const config: Json = isJsonObject(parsed) ? parsed : {}
  const flags = files.get(KUBELET_FLAGS) ?? ''
  const flag = (name: string): string => new RegExp(`--${name}=([^\\s"]*)`).exec(flags)?.[1] ?? ''
  return {
    clusterDns: flag('cluster-dns') === '' ? textsAt(config, 'clusterDNS') : flag('cluster-dns').split(','),
    clusterDomain: flag('cluster-domain') || textAt(config, 'clusterDomain'),
    resolvConf: flag('resolv-conf') || textAt(config, 'resolvConf') || DEFAULT_RESOLV_CONF,
  }
}

/** The /etc/resolv.conf that kubelet writes for a pod when it starts. */
export function podResolvConf(pod: RawObject, files: ReadonlyMap<string, string>): string {
  const kubelet = kubeletDns(files)
  const host = parseResolvConf(files.get(kubelet.resolvConf) ?? '')
  const policy = textAt(pod, 'spec', 'dnsPolicy') || 'ClusterFirst'
  const isHostNetwork = valueAt(pod, 'spec', 'hostNetwork') === true
  const isFromNode =
    policy === 'Default' || (policy === 'ClusterFirst' && (isHostNetwork || kubelet.clusterDns.length === 0))
  const base = policy === 'None' ? EMPTY_RESOLV_CONF : isFromNode ? host : clusterFirst(pod, kubelet, host)
  const config = objectAt(pod, 'spec', 'dnsConfig')
  const nameservers = [...new Set([...base.nameservers, ...textsAt(config, 'nameservers')])].slice(0, MAX_NAMESERVERS)
  const searches = [...new Set([...base.searches, ...textsAt(config, 'searches')])]
  return formatResolvConf({ nameservers, searches, options: mergeOptions(base.options, config), sortlist: [] })
}

function clusterFirst(pod: RawObject, kubelet: KubeletDns, host: ResolvConf): ResolvConf {
  const { clusterDomain } = kubelet
  const namespace = pod.metadata.namespace ?? 'default'
  const cluster = clusterDomain === '' ? [] : [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain]
  return { nameservers: kubelet.clusterDns, searches: [...cluster, ...host.searches], options: ['ndots:5'], sortlist: [] }
}

function mergeOptions(base: readonly string[], config: Json): string[] {
  const own = objectsAt(config, 'options').map((option) => {
    const value = textAt(option, 'value')
    return value === '' ? textAt(option, 'name') : `${textAt(option, 'name')}:${value}`
  })
  const nameOf = (option: string): string => option.split(':')[0] ?? option
  return [...base.filter((option) => !own.some((other) => nameOf(other) === nameOf(option))), ...own]
}

/** One file of a mounted ConfigMap. */
export interface MountedFile {
  readonly path: string
  /** The text now, as kubelet keeps mounts up to date; undefined when the ConfigMap or key is gone. */
  readonly read: () => string | undefined
}

/** The files that a container's ConfigMap mounts give it. */
export function mountedConfigMaps(store: ObjectStore, pod: RawObject, container: Json): MountedFile[] {
  return objectsAt(container, 'volumeMounts').flatMap((mount) => {
    const volume = objectsAt(pod, 'spec', 'volumes').find((candidate) => candidate['name'] === mount['name']) ?? {}
    const name = textAt(volume, 'configMap', 'name')
    if (name === '') return []
    const map = (): RawObject | undefined => store.get(CONFIG_MAP_TYPE, pod.metadata.namespace, name)
    return mountedKeys(volume, map()).map(([file, key]) => ({
      path: `${textAt(mount, 'mountPath').replace(/\/$/, '')}/${file}`,
      read: () => textMapAt(map() ?? {}, 'data')[key],
    }))
  })
}

function mountedKeys(volume: Json, map: RawObject | undefined): [string, string][] {
  const items = objectsAt(volume, 'configMap', 'items').map((item): [string, string] => [textAt(item, 'path'), textAt(item, 'key')])
  return items.length > 0 ? items : Object.keys(textMapAt(map ?? {}, 'data')).map((key) => [key, key])
}
