// CoreDNS's directives as data: the order in which queries pass them, which of them this program serves, and whose the
// others are. The server builds its chains in this order; nothing else knows it.

import { closestTexts } from '../base/edit-distance.ts'

/** The order of CoreDNS 1.14.7, whatever the order in a Corefile. */
export const DIRECTIVE_ORDER: readonly string[] = [
  'root',
  'metadata',
  'geoip',
  'cancel',
  'proxyproto',
  'quic',
  'grpc_server',
  'https',
  'https3',
  'timeouts',
  'multisocket',
  'reload',
  'nsid',
  'bufsize',
  'bind',
  'debug',
  'trace',
  'ready',
  'health',
  'pprof',
  'shed',
  'prometheus',
  'errors',
  'log',
  'dnstap',
  'local',
  'dns64',
  'any',
  'chaos',
  'loadbalance',
  'tsig',
  'rewrite',
  'autopath',
  'acl',
  'cache',
  'header',
  'dnssec',
  'tls',
  'minimal',
  'template',
  'transfer',
  'hosts',
  'route53',
  'azure',
  'clouddns',
  'k8s_external',
  'kubernetes',
  'file',
  'auto',
  'secondary',
  'etcd',
  'loop',
  'forward',
  'grpc',
  'erratic',
  'whoami',
  'on',
  'sign',
  'view',
  'nomad',
]

/** The directives that this program serves. `import` is not among them: it is part of the language. */
export const SERVED_DIRECTIVES: ReadonlySet<string> = new Set([
  'acl',
  'any',
  'autopath',
  'bind',
  'bufsize',
  'cache',
  'cancel',
  'chaos',
  'debug',
  'dns64',
  'erratic',
  'errors',
  'forward',
  'header',
  'health',
  'hosts',
  'https',
  'k8s_external',
  'kubernetes',
  'loadbalance',
  'local',
  'log',
  'loop',
  'metadata',
  'minimal',
  'multisocket',
  'nsid',
  'pprof',
  'prometheus',
  'ready',
  'reload',
  'rewrite',
  'root',
  'template',
  'timeouts',
  'tls',
  'whoami',
])

/** The directives that node-cache has; its `import` is the language's. */
export const NODE_CACHE_DIRECTIVES: ReadonlySet<string> = new Set([
  'bind',
  'bufsize',
  'cache',
  'debug',
  'dns64',
  'errors',
  'forward',
  'health',
  'hosts',
  'loadbalance',
  'log',
  'loop',
  'pprof',
  'prometheus',
  'reload',
  'rewrite',
  'template',
  'timeouts',
  'trace',
  'whoami',
])

export interface RemovedDirective {
  /** The CoreDNS release that no longer has it. */
  readonly removedIn: string
  readonly instead: string
}

/** What CoreDNS once had. */
export const REMOVED_DIRECTIVES: Readonly<Record<string, RemovedDirective>> = {
  federation: { removedIn: '1.7.0', instead: 'nothing: Kubernetes gave up federation v1' },
  proxy: { removedIn: '1.5.0', instead: '"forward", which takes the same zone and upstreams' },
  reverse: { removedIn: '1.1.4', instead: '"template"' },
  shutdown: { removedIn: '1.1.0', instead: '"on shutdown"' },
  startup: { removedIn: '1.1.0', instead: '"on startup"' },
}

/** Plugins that are compiled into somebody's CoreDNS, and whose they are. */
export const EXTERNAL_DIRECTIVES: Readonly<Record<string, string>> = {
  ads: 'github.com/c-mueller/ads',
  alias: 'github.com/serverwentdown/alias',
  alternate: 'github.com/coredns/alternate',
  amazondns: 'github.com/wata727/coredns-amazondns',
  blocklist: 'github.com/relekang/coredns-blocklist',
  demo: 'github.com/coredns/demo',
  dnsredir: 'github.com/leiless/dnsredir',
  dump: 'github.com/miekg/dump',
  ens: 'github.com/wealdtech/coredns-ens',
  example: 'github.com/coredns/example',
  fanout: 'github.com/networkservicemesh/fanout',
  git: 'github.com/miekg/coredns-git',
  ipecho: 'github.com/Eun/coredns-ipecho',
  k8s_dns_chaos: 'Chaos Mesh, github.com/chaos-mesh/k8s_dns_chaos',
  k8s_event: 'github.com/coredns/k8s_event',
  k8s_gateway: 'github.com/k8s-gateway/k8s_gateway',
  kubeapi: 'github.com/coredns/kubeapi',
  kubenodes: 'github.com/infobloxopen/kubenodes',
  kubernetai: 'github.com/coredns/kubernetai',
  lighthouse: 'Submariner, github.com/submariner-io/lighthouse',
  mdns: 'OpenShift, github.com/openshift/coredns-mdns',
  meshname: 'github.com/zhoreeq/coredns-meshname',
  multicluster: 'github.com/coredns/multicluster, in CoreDNS since 1.12.2 as an option of "kubernetes"',
  mysql: 'github.com/cloud66-oss/coredns_mysql',
  netbox: 'github.com/oz123/coredns-netbox-plugin',
  ocp_dnsnameresolver: 'OpenShift, github.com/openshift/coredns-ocp-dnsnameresolver',
  pdsql: 'github.com/wenerme/coredns-pdsql',
  policy: 'Infoblox, github.com/infobloxopen/policy',
  records: 'github.com/coredns/records',
  recursor: 'github.com/kinjelom/coredns-recursor',
  redis: 'github.com/arvancloud/redis',
  redisc: 'github.com/miekg/redis',
  rrl: 'github.com/coredns/rrl',
  tailscale: 'github.com/damomurf/coredns-tailscale',
  unbound: 'github.com/coredns/unbound',
  warnlist: 'github.com/giantswarm/coredns-warnlist-plugin',
  wgsd: 'github.com/jwhited/wgsd',
}

/** Where a directive comes from. */
export type DirectiveOrigin = 'external' | 'not-served' | 'removed' | 'served' | 'unknown'

/** Tells whose a directive is: ours, CoreDNS's without being ours, an external plugin's, gone, or nobody's. */
export function originOf(directive: string): DirectiveOrigin {
  if (SERVED_DIRECTIVES.has(directive)) return 'served'
  if (DIRECTIVE_ORDER.includes(directive)) return 'not-served'
  if (Object.hasOwn(REMOVED_DIRECTIVES, directive)) return 'removed'
  return Object.hasOwn(EXTERNAL_DIRECTIVES, directive) ? 'external' : 'unknown'
}

export function isServedDirective(directive: string): boolean {
  return SERVED_DIRECTIVES.has(directive)
}

/** One line that says whose an unserved directive is and what to do, or what was probably meant; undefined when served. */
export function describeForeignDirective(directive: string): string | undefined {
  switch (originOf(directive)) {
    case 'served':
      return undefined
    case 'not-served':
      return `"${directive}" is a plugin of CoreDNS that this program does not have: remove the line, or serve this block with CoreDNS`
    case 'external':
      return `"${directive}" is no part of CoreDNS but an external plugin (${EXTERNAL_DIRECTIVES[directive] ?? ''}): remove the line, or serve this block with a CoreDNS that was built with it`
    case 'removed': {
      const removed = REMOVED_DIRECTIVES[directive]
      return `"${directive}" is gone from CoreDNS since ${removed?.removedIn ?? ''}; use ${removed?.instead ?? ''}`
    }
    case 'unknown':
      return describeUnknown(directive)
  }
}

function describeUnknown(directive: string): string {
  if (/[.:/]/.test(directive)) {
    return `"${directive}" looks like a zone: server blocks do not nest; close the block above with "}" on a line of its own`
  }
  const meant = closest(directive)
  return meant === undefined
    ? `"${directive}" is neither a plugin of CoreDNS nor an external one that is known here`
    : `Is "${meant}" meant?`
}

// --- What was meant ---

function closest(directive: string): string | undefined {
  if (directive.length > 30) return undefined
  const [best] = closestTexts(directive.toLowerCase(), [...SERVED_DIRECTIVES, 'import'], 1)
  return best
}
