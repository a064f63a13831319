// Why a name does not exist, or has no records of a type: the closest thing that exists, as data.

/** `namespace`, `service` and the like are the labels as asked, in lower case. */
export type Absence =
  // NODATA
  | { readonly code: 'other-type'; readonly owner: string }
  | {
      readonly code: 'no-address-of-family'
      readonly namespace: string
      readonly service: string
      readonly has: 'A' | 'AAAA'
    }
  | { readonly code: 'empty-non-terminal'; readonly of: string }
  | { readonly code: 'external-name-has-no-such-type'; readonly namespace: string; readonly service: string }
  | {
      readonly code: 'no-endpoint-in-zone'
      readonly namespace: string
      readonly service: string
      readonly topologyZone: string
    }
  | { readonly code: 'service-has-no-ports'; readonly namespace: string; readonly service: string }
  | { readonly code: 'server-has-no-address' }
  // NXDOMAIN
  | { readonly code: 'not-svc-or-pod'; readonly label: string }
  | { readonly code: 'no-namespace'; readonly namespace: string }
  | { readonly code: 'namespace-hidden'; readonly namespace: string }
  | { readonly code: 'no-service'; readonly namespace: string; readonly service: string }
  | {
      readonly code: 'no-ready-endpoints'
      readonly namespace: string
      readonly service: string
      readonly notReady: number
    }
  | { readonly code: 'service-ignored-as-empty'; readonly namespace: string; readonly service: string }
  | { readonly code: 'endpoints-not-watched'; readonly namespace: string; readonly service: string }
  | { readonly code: 'no-endpoint'; readonly namespace: string; readonly service: string; readonly endpoint: string }
  | {
      readonly code: 'endpoint-not-ready'
      readonly namespace: string
      readonly service: string
      readonly endpoint: string
    }
  | {
      readonly code: 'no-port'
      readonly namespace: string
      readonly service: string
      readonly port: string
      readonly protocol: string
    }
  | {
      readonly code: 'external-name-is-address'
      readonly namespace: string
      readonly service: string
      readonly externalName: string
    }
  | {
      readonly code: 'external-name-is-no-name'
      readonly namespace: string
      readonly service: string
      readonly externalName: string
    }
  | { readonly code: 'external-name-has-no-endpoints'; readonly namespace: string; readonly service: string }
  | { readonly code: 'service-without-address'; readonly namespace: string; readonly service: string }
  | { readonly code: 'too-many-labels'; readonly namespace: string; readonly service: string }
  | { readonly code: 'pods-disabled' }
  | { readonly code: 'pod-label-is-no-address'; readonly namespace: string; readonly label: string }
  | { readonly code: 'no-pod'; readonly namespace: string; readonly address: string }
  | { readonly code: 'no-object-with-address'; readonly address: string }
  | { readonly code: 'not-a-reverse-address' }

/** Writes an absence as half a sentence, naming what does exist. */
export function describeAbsence(absence: Absence): string {
  switch (absence.code) {
    case 'other-type':
      return `${absence.owner} has records, but none of this type`
    case 'no-address-of-family':
      return `${service(absence)} has ${absence.has} records only`
    case 'empty-non-terminal':
      return `only names below it have records: ${absence.of}`
    case 'external-name-has-no-such-type':
      return `${service(absence)} is an ExternalName, which gives a CNAME only`
    case 'no-endpoint-in-zone':
      return `${service(absence)} has no ready endpoint in zone "${absence.topologyZone}"`
    case 'service-has-no-ports':
      return `${service(absence)} has no ports`
    case 'server-has-no-address':
      return 'the server has loopback addresses only'
    case 'not-svc-or-pod':
      return `"${absence.label}" stands where "svc" or "pod" must stand`
    case 'no-namespace':
      return `namespace "${absence.namespace}" does not exist`
    case 'namespace-hidden':
      return `namespace "${absence.namespace}" is not among the namespaces that the server shows`
    case 'no-service':
      return `namespace "${absence.namespace}" has no Service "${absence.service}"`
    case 'no-ready-endpoints':
      return absence.notReady === 0
        ? `headless ${service(absence)} has no endpoints`
        : `headless ${service(absence)} has ${absence.notReady} endpoints, none of them ready`
    case 'service-ignored-as-empty':
      return `${service(absence)} has no ready endpoints and the server ignores empty Services`
    case 'endpoints-not-watched':
      return `${service(absence)} is headless or was asked for an endpoint, and the server does not watch endpoints`
    case 'no-endpoint':
      return `${service(absence)} has no endpoint named "${absence.endpoint}"`
    case 'endpoint-not-ready':
      return `endpoint "${absence.endpoint}" of ${service(absence)} is not ready`
    case 'no-port':
      return `${service(absence)} has no port named "${absence.port}" with protocol ${absence.protocol.toUpperCase()}`
    case 'external-name-is-address':
      return `externalName of ${service(absence)} is the address ${absence.externalName}, not a name`
    case 'external-name-is-no-name':
      return `externalName of ${service(absence)} is no domain name: "${absence.externalName}"`
    case 'external-name-has-no-endpoints':
      return `${service(absence)} is an ExternalName, which has no endpoints or ports`
    case 'service-without-address':
      return `${service(absence)} has no cluster IP yet`
    case 'too-many-labels':
      return `${service(absence)} exists, but no name that long below it`
    case 'pods-disabled':
      return 'the server gives no names to pods (pods disabled)'
    case 'pod-label-is-no-address':
      return `"${absence.label}" is no IP address with dashes`
    case 'no-pod':
      return `namespace "${absence.namespace}" has no pod with the address ${absence.address}`
    case 'no-object-with-address':
      return `no Service and no ready endpoint has the address ${absence.address}`
    case 'not-a-reverse-address':
      return 'not the reverse name of a whole address'
  }
}

function service(absence: { readonly namespace: string; readonly service: string }): string {
  return `Service ${absence.namespace}/${absence.service}`
}
