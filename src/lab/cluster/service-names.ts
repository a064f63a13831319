// How programs in a cluster find the API server and Services without DNS.
import type { ObjectStore } from './object-store.ts'
import { textAt } from './raw-object.ts'
import { SERVICE_TYPE } from './resource-types.ts'

/** The names and address under which clients in the cluster reach the API server; its certificate must carry them. */
export function apiServerNames(store: ObjectStore, clusterDomain: string): string[] {
  const service = store.get(SERVICE_TYPE, 'default', 'kubernetes')
  const address = textAt(service ?? {}, 'spec', 'clusterIP')
  const names = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    `kubernetes.default.svc.${clusterDomain}`,
  ]
  return address === '' ? names : [address, ...names]
}

/** The variables that kubelet gives every container for the API server and kube-system's Services. */
export function serviceEnvironment(store: ObjectStore): Record<string, string> {
  const kubernetes = textAt(store.get(SERVICE_TYPE, 'default', 'kubernetes') ?? {}, 'spec', 'clusterIP')
  const services = store.list(SERVICE_TYPE, 'kube-system').map((service): [string, string] => {
    const name = service.metadata.name.toUpperCase().replaceAll('-', '_')
    return [`${name}_SERVICE_HOST`, textAt(service, 'spec', 'clusterIP')]
  })
  return { KUBERNETES_SERVICE_HOST: kubernetes, KUBERNETES_SERVICE_PORT: '443', ...Object.fromEntries(services) }
}
