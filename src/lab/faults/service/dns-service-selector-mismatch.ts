import { objectAt, textAt } from '../../cluster/raw-object.ts'
import { SERVICE_TYPE } from '../../cluster/resource-types.ts'
import { LabError } from '../../cluster/lab-error.ts'
import { dnsService } from '../support/dns-objects.ts'
import type { Fault, FaultStage } from '../fault.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { ANSWERED, CONSOLE, DNS_SERVICE, NAME, REFUSED, dig, kubectl } from '../look.ts'

const LABEL = 'k8s-app'
const WRONG = 'coredns'

export const dnsServiceSelectorMismatch: Fault = {
  name: 'dns-service-selector-mismatch',
  summary:
    'the DNS Service selects k8s-app=coredns, the pods carry k8s-app=kube-dns: Running and Ready, yet no endpoint',
  looks: [
    dig(CONSOLE, `@${DNS_SERVICE} ${NAME}`, { broken: REFUSED, whole: ANSWERED }),
    kubectl('-n kube-system get endpoints coredns', { broken: /<none>/, whole: /:53/ }),
  ],
  inject(stage) {
    const service = dnsService(stage)
    if (service === undefined)
      throw new LabError('not-supported', 'Cannot inject the fault: no Service is labelled k8s-app=kube-dns')
    const before = objectAt(service, 'spec', 'selector')
    setSelector(stage, service, { [LABEL]: WRONG })
    return Promise.resolve(() => {
      const now = dnsService(stage)
      if (now !== undefined && isWrong(now)) setSelector(stage, now, before)
      return Promise.resolve()
    })
  },
  isThere(stage) {
    const service = dnsService(stage)
    return service !== undefined && isWrong(service)
  },
}

function isWrong(service: RawObject): boolean {
  return textAt(service, 'spec', 'selector', LABEL) === WRONG
}

function setSelector(stage: FaultStage, service: RawObject, selector: object): void {
  stage.store.update(SERVICE_TYPE, { ...service, spec: { ...objectAt(service, 'spec'), selector } })
}
