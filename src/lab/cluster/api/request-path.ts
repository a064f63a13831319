// Reads an API request's path: /api/v1/namespaces/NS/pods/NAME/log and its kin.
import type { ResourceType } from '../resource-types.ts'
import { findResourceType } from '../resource-types.ts'

export interface ResourcePath {
  readonly type: ResourceType
  /** As asked for; not always the one objects are kept in. */
  readonly version: string
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly subresource: string | undefined
  /** What follows the subresource, with its leading slash: the path of a proxy request. */
  readonly rest: string
}

/** Undefined when the path names no resource of this server. */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const [, prefix, ...parts] = path.split('/')
  if (prefix === 'api') return parse('', parts[0], parts.slice(1))
  if (prefix === 'apis') return parse(parts[0] ?? '', parts[1], parts.slice(2))
  return undefined
}

function parse(group: string, version: string | undefined, parts: readonly string[]): ResourcePath | undefined {
  if (version === undefined) return undefined
  // namespaces/NS/status is the namespace itself; anything else below a namespace is a resource in it.
  const inNamespace = parts[0] === 'namespaces' && parts.length > 2 && !['finalize', 'status'].includes(parts[2] ?? '')
  const namespace = inNamespace ? decode(parts[1]) : undefined
  const [plural = '', name, subresource, ...rest] = inNamespace ? parts.slice(2) : parts
  const type = findResourceType(group, version, plural)
  if (type === undefined || (inNamespace && !type.namespaced)) return undefined
  return {
    type,
    version,
    namespace,
    name: name === undefined || name === '' ? undefined : decode(name),
    subresource: subresource === undefined || subresource === '' ? undefined : subresource,
    rest: rest.length === 0 ? '' : `/${rest.join('/')}`,
  }
}

function decode(text: string | undefined): string {
  try {
    return decodeURIComponent(text ?? '')
  } catch {
    return text ?? ''
  }
}
