import { objectAt, textAt } from '../cluster/raw-object.ts'
import { SERVICE_TYPE } from '../cluster/resource-types.ts'
import { LabError } from '../cluster/lab-error.ts'
import type { Fault, FaultStage } from './fault.ts'
import type { RawObject } from '../cluster/raw-object.ts'

export const dnsServiceSelectorMismatch: Fault = {
  name: 'dns-service-selector-mismatch',
  summary:
    'the DNS Service selects k8s-app=coredns, the pods carry k8s-app=kube-dns: Running and Ready, yet no endpoint',
  inject(stage) {
    const service = dnsService(stage)
    const before = objectAt(service, 'spec', 'selector')
    setSelector(stage, { 'k8s-app': 'coredns' })
    return Promise.resolve(() => {
      setSelector(stage, before)
      return Promise.resolve()
    })
  },
}

function setSelector(stage: FaultStage, selector: object): void {
  const service = dnsService(stage)
  stage.store.update(SERVICE_TYPE, { ...service, spec: { ...objectAt(service, 'spec'), selector } })
}

/** The Service that carries the label of cluster DNS. @throws {LabError} when the cluster has none */
function dnsService({ store }: FaultStage): RawObject {
  const services = store.list(SERVICE_TYPE).filter(({ metadata }) => metadata.labels?.['k8s-app'] === 'kube-dns')
  const service = services.find((candidate) => textAt(candidate, 'spec', 'clusterIP') !== 'None')
  if (service === undefined)
    throw new LabError('not-supported', 'Cannot inject the fault: no Service is labelled k8s-app=kube-dns')
  return service
}
