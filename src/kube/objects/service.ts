// v1 Service and multicluster ServiceImport, which share the form of their ports.
import {
  uniqueText,
  uniqueTexts,
  child,
  children,
  flag,
  intOrText,
  number,
  optional,
  optionalText,
  text,
  textMap,
  texts,
} from './json.ts'
import type { Json } from './json.ts'
import { readMeta } from './meta.ts'
import type { Selector, Service, ServiceImport, ServicePort } from './types.ts'

/** Reads a v1 Service. Objects of API servers older than 1.20 have `clusterIP` only, which stands for the list. */
export function readService(json: Json): Service {
  const spec = child(json, 'spec')
  const type = text(spec, 'type') || 'ClusterIP'
  const selector = textMap(spec, 'selector')
  return {
    kind: 'Service',
    meta: readMeta(json),
    type,
    clusterIPs: type === 'ExternalName' ? [] : readClusterIPs(spec),
    externalName: text(spec, 'externalName'),
    ports: children(spec, 'ports').map(readServicePort),
    ...optional('selector', nonEmpty(selector)),
    ipFamilies: texts(spec, 'ipFamilies'),
    externalIPs: texts(spec, 'externalIPs'),
    loadBalancerAddresses: children(child(child(json, 'status'), 'loadBalancer'), 'ingress').map((ingress) => ({
      ...optional('ip', optionalText(ingress, 'ip')),
      ...optional('hostname', optionalText(ingress, 'hostname')),
    })),
    publishNotReadyAddresses:
      flag(spec, 'publishNotReadyAddresses') ||
      textMap(child(json, 'metadata'), 'annotations')['service.alpha.kubernetes.io/tolerate-unready-endpoints'] ===
        'true',
    internalTrafficPolicy: text(spec, 'internalTrafficPolicy') || 'Cluster',
  }
}

/** Reads a multicluster.x-k8s.io ServiceImport. */
export function readServiceImport(json: Json): ServiceImport {
  const spec = child(json, 'spec')
  return {
    kind: 'ServiceImport',
    meta: readMeta(json),
    type: text(spec, 'type') || 'ClusterSetIP',
    ips: texts(spec, 'ips'),
    ports: children(spec, 'ports').map(readServicePort),
  }
}

function readClusterIPs(spec: Json): readonly string[] {
  const listed = uniqueTexts(spec, 'clusterIPs').filter((ip) => ip !== '')
  if (listed.length > 0) return listed
  const single = uniqueText(spec, 'clusterIP')
  return single === '' ? [] : [single]
}

function readServicePort(port: Json): ServicePort {
  return {
    name: text(port, 'name'),
    protocol: text(port, 'protocol') || 'TCP',
    port: number(port, 'port'),
    ...optional('targetPort', intOrText(port, 'targetPort')),
  }
}

function nonEmpty(selector: Selector): Selector | undefined {
  return Object.keys(selector).length === 0 ? undefined : selector
}
