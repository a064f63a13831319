// The template's placeholders. Pure: text and values in, text out.
import { UsageError } from '../base/index.ts'

/** What placeholders stand for. */
export interface PillarValues {
  /** Cluster IP of the upstream Service; undefined when its environment variable is not set. */
  readonly clusterDns: string | undefined
  /** Name of the variable it was looked for in. */
  readonly clusterDnsVariable: string
  readonly localAddresses: readonly string[]
  /** Empty: `/etc/resolv.conf`. */
  readonly upstreamServers: readonly string[]
  /** What `__PROMETHEUS__ENDPOINT__` becomes. */
  readonly prometheusAddress: string
}

/** A filled template and what a person should know about it. */
export interface FilledTemplate {
  readonly text: string
  readonly warnings: readonly string[]
}

const CLUSTER_DNS = '__PILLAR__CLUSTER__DNS__'
const UPSTREAM_SERVERS = '__PILLAR__UPSTREAM__SERVERS__'
const LOCAL_DNS = '__PILLAR__LOCAL__DNS__'
const DNS_SERVER = '__PILLAR__DNS__SERVER__'
const DNS_DOMAIN = '__PILLAR__DNS__DOMAIN__'
const PROMETHEUS = '__PROMETHEUS__ENDPOINT__'

/** The block that upstreamNameservers turn into UDP, in the very layout of the upstream manifest. */
const TCP_BLOCK = `forward . ${UPSTREAM_SERVERS} {\n            force_tcp\n    }`

/**
 * Fills the placeholders in.
 *
 * `__PILLAR__LOCAL__DNS__:PORT` becomes the first address alone: *health* takes one, and NodeLocal DNSCache would write a
 * Corefile that cannot be used when there are two.
 *
 * @throws {UsageError} when the template needs the upstream Service's address and there is none
 */
export function fillTemplate(template: string, values: PillarValues): FilledTemplate {
  const { clusterDns, clusterDnsVariable, localAddresses, upstreamServers, prometheusAddress } = values
  const warnings: string[] = []
  if (template.includes(CLUSTER_DNS) && clusterDns === undefined) {
    throw new UsageError(
      'bad-configuration',
      `Cannot fill in ${CLUSTER_DNS}: the environment variable ${clusterDnsVariable} is not set; -upstreamsvc must name a Service ` +
        `of the pod's own namespace that exists before the pod starts`,
    )
  }
  let text = template
  if (upstreamServers.length > 0) {
    text = text.replaceAll(TCP_BLOCK, () => `forward . ${UPSTREAM_SERVERS}`)
    if (hasForcedTcp(text)) {
      warnings.push(
        `The block "forward . ${UPSTREAM_SERVERS}" keeps force_tcp, so upstreamNameservers are asked over TCP: ` +
          'only the layout of the upstream manifest (force_tcp after 12 spaces, the brace after 4) is changed to UDP',
      )
    }
  }
  if (text.includes(DNS_DOMAIN)) {
    warnings.push(`${DNS_DOMAIN} is still in the template: whoever installs it has to write the cluster domain there`)
  }
  const first = localAddresses[0] ?? ''
  const firstHost = first.includes(':') ? `[${first}]` : first
  const filled = text
    .replaceAll(CLUSTER_DNS, () => clusterDns ?? '')
    .replaceAll(UPSTREAM_SERVERS, () => (upstreamServers.length === 0 ? '/etc/resolv.conf' : upstreamServers.join(' ')))
    .replaceAll(new RegExp(`${LOCAL_DNS}(?=:\\d)`, 'g'), () => firstHost)
    .replaceAll(LOCAL_DNS, () => localAddresses.join(' '))
    .replaceAll(DNS_SERVER, '')
    .replaceAll(PROMETHEUS, () => prometheusAddress)
  return { text: filled, warnings }
}

function hasForcedTcp(text: string): boolean {
  return new RegExp(`forward\\s+\\.\\s+${UPSTREAM_SERVERS}\\s*\\{[^}]*\\bforce_tcp\\b`).test(text)
}

/** The environment variable in which kubelet gives a Service's cluster IP. */
export function serviceHostVariable(service: string): string {
  return `${service.toUpperCase().replaceAll('-', '_')}_SERVICE_HOST`
}
