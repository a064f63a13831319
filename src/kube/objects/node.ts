import { child, children, text, texts, type Json } from './json.ts'
import { readMeta } from './meta.ts'
import { readConditions } from './pod.ts'
import type { Node } from './types.ts'

/** Reads a v1 Node. */
export function readNode(json: Json): Node {
  const spec = child(json, 'spec')
  const status = child(json, 'status')
  const info = child(status, 'nodeInfo')
  const conditions = readConditions(status)
  const podCIDRs = texts(spec, 'podCIDRs')
  const podCIDR = text(spec, 'podCIDR')
  return {
    kind: 'Node',
    meta: readMeta(json),
    internalIPs: children(status, 'addresses')
      .filter((address) => address['type'] === 'InternalIP')
      .map((address) => text(address, 'address')),
    podCIDRs: podCIDRs.length > 0 || podCIDR === '' ? podCIDRs : [podCIDR],
    ready: conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    kubeletVersion: text(info, 'kubeletVersion'),
    kernelVersion: text(info, 'kernelVersion'),
    osImage: text(info, 'osImage'),
    operatingSystem: text(info, 'operatingSystem') || 'linux',
    containerRuntimeVersion: text(info, 'containerRuntimeVersion'),
    conditions,
  }
}
