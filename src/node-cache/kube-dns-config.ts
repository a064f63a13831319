// The kube-dns ConfigMap (`stubDomains`, `upstreamNameservers`): its two texts to settings, settings to server blocks. Pure.
import { isIP } from 'node:net'
import { UsageError } from '../base/index.ts'

/** The settings. */
export interface KubeDnsConfig {
  /** Domain to its servers, sorted by domain so that the same content always makes the same text. */
  readonly stubDomains: readonly StubDomain[]
  /** At most three. */
  readonly upstreamServers: readonly string[]
}

export interface StubDomain {
  readonly domain: string
  readonly servers: readonly string[]
}

/** Nothing customized. */
export const NO_KUBE_DNS_CONFIG: KubeDnsConfig = { stubDomains: [], upstreamServers: [] }

/** The ConfigMap's keys; absent ones are undefined. */
export interface KubeDnsTexts {
  readonly stubDomains?: string | undefined
  readonly upstreamNameservers?: string | undefined
}

const MAX_UPSTREAMS = 3
/** Names that Kubernetes takes for objects (DNS-1123 subdomain). */
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const MAX_NAME_OCTETS = 253

/**
 * Reads the ConfigMap.
 *
 * @throws {UsageError} naming the key and the value
 */
export function parseKubeDnsConfig(texts: KubeDnsTexts): KubeDnsConfig {
  return {
    stubDomains: readStubDomains(texts.stubDomains),
    upstreamServers: readUpstreams(texts.upstreamNameservers),
  }
}

/** The server blocks that follow the template, each after an empty line. */
export function formatStubBlocks(
  { stubDomains }: KubeDnsConfig,
  options: { readonly port: number; readonly localAddresses: readonly string[] },
): string {
  const bind = options.localAddresses.join(' ')
  return stubDomains
    .map(
      ({ domain, servers }) =>
        `\n${domain}:${options.port} {\n    errors\n    cache 30\n    bind ${bind}\n    forward . ${servers.join(' ')}\n}\n`,
    )
    .join('')
}

function readStubDomains(text: string | undefined): StubDomain[] {
  if (text === undefined || text.trim() === '') return []
  const value = parseJson('stubDomains', text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('stubDomains', text, 'a JSON object of domain names and lists of servers is expected')
  }
  const domains = Object.entries(value).map(([domain, list]): StubDomain => {
    if (!isSubdomain(domain)) throw invalid('stubDomains', domain, 'it is not a DNS-1123 subdomain')
    const servers = textList('stubDomains', list)
    if (servers.length === 0) throw invalid('stubDomains', domain, 'it has no servers')
    for (const server of servers) {
      if (!isServer(server)) throw invalid('stubDomains', server, 'an IP address, IP:PORT or a host name is expected')
    }
    return { domain, servers }
  })
  return domains.sort((a, b) => (a.domain < b.domain ? -1 : 1))
}

function readUpstreams(text: string | undefined): readonly string[] {
  if (text === undefined || text.trim() === '') return []
  const servers = textList('upstreamNameservers', parseJson('upstreamNameservers', text))
  if (servers.length > MAX_UPSTREAMS) {
    throw invalid('upstreamNameservers', servers.join(' '), `${servers.length} servers, limit is ${MAX_UPSTREAMS}`)
  }
  for (const server of servers) {
    if (!isAddressAndPort(server)) throw invalid('upstreamNameservers', server, 'an IP address or IP:PORT is expected')
  }
  return servers
}

function parseJson(key: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalid(key, text.trim(), error instanceof Error ? error.message : 'it is not JSON')
  }
}

function textList(key: string, value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [undefined]
  return list.map((item) => {
    if (typeof item !== 'string') throw invalid(key, JSON.stringify(value), 'a JSON list of texts is expected')
    return item
  })
}

function invalid(key: string, value: string, why: string): UsageError {
  return new UsageError('bad-configuration', `${key} "${value}": ${why}`)
}

function isSubdomain(text: string): boolean {
  return text.length <= MAX_NAME_OCTETS && SUBDOMAIN.test(text)
}

function isServer(text: string): boolean {
  return isAddressAndPort(text) || isSubdomain(text)
}

function isAddressAndPort(text: string): boolean {
  if (isIP(text) !== 0) return true
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3] ?? 0)
  return isIP(match?.[1] ?? match?.[2] ?? '') !== 0 && port >= 1 && port <= 65_535
}
