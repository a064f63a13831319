// The part of a pod that is also a workload's template: how it resolves names, what it runs.
import {
  child,
  children,
  flag,
  intOrText,
  number,
  optional,
  optionalNumber,
  optionalText,
  text,
  texts,
} from './json.ts'
import { textMap, type Json } from './json.ts'
import type { Container, HttpProbe, PodDnsConfig, PodSpec } from './types.ts'

/** Environment variables that change who answers a program's DNS queries, or what node-cache forwards to. */
const DNS_VARIABLES = new Set([
  'GODEBUG',
  'ISTIO_META_DNS_AUTO_ALLOCATE',
  'ISTIO_META_DNS_CAPTURE',
  'LOCALDOMAIN',
  'NODE_OPTIONS',
  'RES_OPTIONS',
  'UV_THREADPOOL_SIZE',
])

/** Reads a `v1.PodSpec`; `dnsPolicy` defaults to ClusterFirst as the API server's defaulting does. */
export function readPodSpec(json: Json): PodSpec {
  const containers = children(json, 'containers')
  return {
    nodeName: text(json, 'nodeName'),
    hostNetwork: flag(json, 'hostNetwork'),
    dnsPolicy: text(json, 'dnsPolicy') || 'ClusterFirst',
    ...optional('dnsConfig', readDnsConfig(json)),
    ...optional('hostname', optionalText(json, 'hostname')),
    ...optional('subdomain', optionalText(json, 'subdomain')),
    hostAliases: children(json, 'hostAliases').map((alias) => ({
      ip: text(alias, 'ip'),
      hostnames: texts(alias, 'hostnames'),
    })),
    serviceAccountName: text(json, 'serviceAccountName') || text(json, 'serviceAccount') || 'default',
    ...optional('terminationGracePeriodSeconds', optionalNumber(json, 'terminationGracePeriodSeconds')),
    containers: containers.map(readContainer),
    configMaps: readConfigMapUses(json, [...containers, ...children(json, 'initContainers')]),
  }
}

function readDnsConfig(json: Json): PodDnsConfig | undefined {
  if (json['dnsConfig'] === undefined || json['dnsConfig'] === null) return undefined
  const config = child(json, 'dnsConfig')
  return {
    nameservers: texts(config, 'nameservers'),
    searches: texts(config, 'searches'),
    options: children(config, 'options').map((option) => ({
      name: text(option, 'name'),
      ...optional('value', optionalText(option, 'value')),
    })),
  }
}

function readContainer(json: Json): Container {
  return {
    name: text(json, 'name'),
    image: text(json, 'image'),
    command: texts(json, 'command'),
    args: texts(json, 'args'),
    ports: children(json, 'ports').map((port) => ({
      name: text(port, 'name'),
      protocol: text(port, 'protocol') || 'TCP',
      containerPort: number(port, 'containerPort'),
    })),
    limits: textMap(child(json, 'resources'), 'limits'),
    env: readDnsVariables(json),
    ...optional('readinessProbe', readHttpProbe(json, 'readinessProbe')),
    ...optional('livenessProbe', readHttpProbe(json, 'livenessProbe')),
  }
}

function readDnsVariables(container: Json): Container['env'] {
  const own = children(container, 'env').filter((variable) => DNS_VARIABLES.has(text(variable, 'name')))
  return own.length === 0
    ? NO_VARIABLES
    : Object.fromEntries(own.map((variable) => [text(variable, 'name'), text(variable, 'value')]))
}

const NO_VARIABLES: Container['env'] = Object.freeze({})

function readHttpProbe(container: Json, key: string): HttpProbe | undefined {
  const httpGet = child(child(container, key), 'httpGet')
  const port = intOrText(httpGet, 'port')
  if (port === undefined) return undefined
  return { path: text(httpGet, 'path') || '/', port, ...optional('host', optionalText(httpGet, 'host')) }
}

function readConfigMapUses(spec: Json, containers: readonly Json[]): PodSpec['configMaps'] {
  const mounts = containers.flatMap((container) => children(container, 'volumeMounts'))
  return children(spec, 'volumes').flatMap((volume) => {
    const sources = [volume, ...children(child(volume, 'projected'), 'sources')]
    const names = sources.map((source) => text(child(source, 'configMap'), 'name')).filter((name) => name !== '')
    const subPath = mounts.some(
      (mount) =>
        mount['name'] === volume['name'] && (text(mount, 'subPath') !== '' || text(mount, 'subPathExpr') !== ''),
    )
    return names.map((name) => ({ name, subPath }))
  })
}
