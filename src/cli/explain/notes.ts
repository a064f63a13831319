// What a person should know about an answer besides its records: what SRV is for, how clients pick from a headless
// Service, why an address has several names, that an empty Service is no fault of DNS.
import type { ClusterFacts } from '../../doctor/facts/index.ts'
import type { EndpointSlice, Service } from '../../kube/objects/index.ts'
import type { ExplainedRecord, Lookup, Note } from './explanation.ts'

/** Notes on the lookup that gave the answer. */
export function explainNotes(facts: ClusterFacts, lookup: Lookup): Note[] {
  if (lookup.result === 'elsewhere') return upstreamNotes(facts, lookup)
  if (lookup.result !== 'records') return []
  if (lookup.type === 'PTR') return pointerNotes(lookup)
  const service = serviceOf(facts, lookup.answer[0])
  if (service === undefined) return []
  const slices = slicesOf(facts, service)
  return [
    ...(lookup.type === 'SRV' ? [srvNote(service, lookup)] : []),
    ...(service.type === 'ExternalName'
      ? [externalNameNote(service, lookup)]
      : isHeadless(service)
        ? headlessNotes(service, slices)
        : clusterIpNotes(service, slices)),
  ]
}

// --- SRV (RFC 2782) ---

function srvNote(service: Service, { answer, name }: Lookup): Note {
  const ports = [...new Set(answer.map((record) => (record.rdata.type === 'SRV' ? record.rdata.port : 0)))]
  const port = /^_([^.]+)\._([^.]+)\./.exec(name)
  const named = service.ports.find((each) => each.name === port?.[1])
  const where =
    port === null
      ? `Without _PORT._PROTOCOL in front the name gives every port of the Service (${ports.join(', ')}).`
      : `The port is spec.ports "${port[1] ?? ''}"/${(port[2] ?? '').toUpperCase()} of the Service${
          named?.targetPort === undefined || String(named.targetPort) === String(named.port)
            ? ''
            : `, targetPort ${named.targetPort}`
        }; unnamed ports have no such name.`
  const targets = isHeadless(service)
    ? 'Headless: one record for each ready endpoint, so a client that asks for SRV learns every host and its port at once.'
    : 'The Service has a cluster IP: the one target is the Service itself.'
  return {
    code: 'srv',
    text: `An SRV record tells host and port: "PRIORITY WEIGHT PORT TARGET". Clients take the lowest priority and share by weight; here all are equal. ${where} ${targets}`,
  }
}

// --- Services ---

function headlessNotes(service: Service, slices: readonly EndpointSlice[]): Note[] {
  const { namespace, name } = service.meta
  const endpoints = slices.flatMap((slice) => slice.endpoints)
  const waiting = endpoints.filter(({ ready }) => !ready)
  const ready = endpoints.length - waiting.length
  const notes: Note[] = [
    {
      code: 'headless',
      text:
        `Service ${namespace}/${name} is headless (spec.clusterIP: None): its name gives the addresses of all ${ready} ready endpoints, and clients connect to the pods directly, past kube-proxy. ` +
        'Who picks is the client: CoreDNS (plugin loadbalance) shuffles the order in every answer, most clients take the first address, getaddrinfo may sort them again (RFC 6724), and connections that stay open stay where they are.',
    },
  ]
  if (waiting.length > 0) {
    const names = waiting.map(({ target, addresses }) => target?.name ?? addresses.join(',')).slice(0, 5)
    notes.push({
      code: 'not-ready-endpoints',
      text: `${waiting.length} endpoints are left out because they are not ready: ${names.join(', ')}${waiting.length > 5 ? ', …' : ''}.`,
    })
  }
  return notes
}

function clusterIpNotes(service: Service, slices: readonly EndpointSlice[]): Note[] {
  const { namespace, name } = service.meta
  const addresses = slices.flatMap((slice) =>
    slice.endpoints.filter(({ ready }) => ready).flatMap((endpoint) => endpoint.addresses),
  )
  if (addresses.length === 0) {
    const hint =
      service.selector === undefined
        ? 'it has no selector, so somebody must write its endpoints'
        : 'its selector matches no ready pod'
    return [
      {
        code: 'application-service-no-endpoints',
        text: `The name resolves, but Service ${namespace}/${name} has no ready endpoint (${hint}): connections fail. This is not a DNS fault.`,
      },
    ]
  }
  const shown = addresses.slice(0, 5).join(', ')
  return [
    {
      code: 'cluster-ip',
      text: `The cluster IP is virtual and stays the same: kube-proxy on the client's node picks one of ${addresses.length} ready endpoints for each connection (${shown}${addresses.length > 5 ? ', …' : ''}).`,
    },
  ]
}

function externalNameNote(service: Service, { answer }: Lookup): Note {
  const { namespace, name } = service.meta
  const isFollowed = answer.length > 1
  const text = isFollowed
    ? 'its target is a name of the cluster, so the server appends what that gives'
    : 'the server asks its upstreams for the target and appends what they say; without an answer the bare CNAME is sent'
  return {
    code: 'external-name',
    text: `Service ${namespace}/${name} is an ExternalName: its name is an alias (CNAME); ${text}.`,
  }
}

// --- PTR ---

function pointerNotes({ answer }: Lookup): Note[] {
  if (answer.length < 2) return []
  return [
    {
      code: 'multiple-ptr',
      text:
        `${answer.length} names point back, one for each Service that has the address among its ready endpoints: names and addresses are not one to one. ` +
        'An endpoint is named by its hostname where it has one (spec.hostname of the pod, and spec.subdomain equal to that Service), else by its dashed address. ' +
        'The order means nothing, and older versions of CoreDNS give only one of them.',
    },
  ]
}

// --- Names that leave the cluster ---

function upstreamNotes(facts: ClusterFacts, lookup: Lookup): Note[] {
  const { decidedBy } = lookup
  const { upstreams } = decidedBy
  if (upstreams.length < 2 || lookup.type === 'PTR') return []
  const isRandom = decidedBy.hops.some((hop) => usesRandom(hop))
  const files = facts.nodes.filter(({ resolvConf }) => resolvConf !== undefined)
  const differ = new Set(files.map(({ resolvConf }) => resolvConf?.conf.nameservers.slice(0, 3).join(' '))).size > 1
  return [
    {
      code: 'upstreams',
      text:
        `${isRandom ? 'The upstream is picked at random for each query' : 'Upstreams are asked in turn'}, and its answer is final, NXDOMAIN too: they must all know the same names.` +
        (differ ? ' The nodes do not list the same nameservers, so the answer may depend on the node.' : ''),
    },
  ]
}

function usesRandom(hop: Lookup['decidedBy']['hops'][number]): boolean {
  return (
    (hop.policy === 'random' && hop.steps.some(({ forward }) => forward !== undefined)) || hop.next.some(usesRandom)
  )
}

// --- Objects ---

function isHeadless(service: Service): boolean {
  return service.clusterIPs.includes('None')
}

/** The Service that a record comes from, directly or through its slice. */
export function serviceOf(facts: ClusterFacts, record: ExplainedRecord | undefined): Service | undefined {
  const object = record?.object
  if (object === null || object === undefined) return undefined
  const name =
    object.kind === 'Service'
      ? object.name
      : facts.objects.endpointSlices.find(
          ({ meta }) => meta.namespace === object.namespace && meta.name === object.name,
        )?.service
  return facts.objects.services.find(({ meta }) => meta.namespace === object.namespace && meta.name === name)
}

function slicesOf(facts: ClusterFacts, service: Service): EndpointSlice[] {
  return facts.objects.endpointSlices.filter(
    (slice) => slice.meta.namespace === service.meta.namespace && slice.service === service.meta.name,
  )
}
