// The files that kubelet gives a pod: /etc/resolv.conf by its dnsPolicy, mounted ConfigMaps, its ServiceAccount.
import { parse } from 'yaml'
import { computePodResolvConf, formatResolvConf } from '../../route/index.ts'
import { isJsonObject, readObject } from '../../kube/objects/index.ts'
import type { Json } from '../../kube/objects/index.ts'
import type { ObjectStore } from './object-store.ts'
import { objectsAt, textAt, textMapAt, textsAt } from './raw-object.ts'
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

/** The /etc/resolv.conf that kubelet writes for a pod when it starts; empty for an object that is no pod. */
export function podResolvConf(pod: RawObject, files: ReadonlyMap<string, string>, kubeletVersion: string): string {
  const read = readObject(pod)
  if (read?.kind !== 'Pod') return ''
  const { clusterDns, clusterDomain, resolvConf } = kubeletDns(files)
  const resolvConfText = files.get(resolvConf)
  const { conf } = computePodResolvConf(read, {
    node: read.spec.nodeName,
    clusterDNS: clusterDns,
    clusterDNSFrom: KUBELET_CONFIG,
    clusterDomain,
    resolvConfPath: resolvConf,
    ...(resolvConfText === undefined ? {} : { resolvConfText }),
    kubeletVersion,
  })
  return formatResolvConf(conf)
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
  const items = objectsAt(volume, 'configMap', 'items').map((item): [string, string] => [
    textAt(item, 'path'),
    textAt(item, 'key'),
  ])
  return items.length > 0 ? items : Object.keys(textMapAt(map ?? {}, 'data')).map((key) => [key, key])
}
