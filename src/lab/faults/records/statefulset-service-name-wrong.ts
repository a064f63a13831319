import { objectAt, textAt } from '../../cluster/raw-object.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { POD_TYPE, STATEFUL_SET_TYPE } from '../../cluster/resource-types.ts'
import type { Fault, FaultStage } from '../fault.ts'
import { podsLabeled } from '../support/pods.ts'
import { CONSOLE, NXDOMAIN, dig, kubectl } from '../look.ts'

const NAMESPACE = 'kubesphere-system'
const STATEFUL_SET = 'openldap'
const RIGHT = 'openldap'
const WRONG = 'openldap-headless'

export const statefulSetServiceNameWrong: Fault = {
  name: 'statefulset-service-name-wrong',
  summary: `the StatefulSet openldap names a Service that does not exist (${WRONG}): openldap-0.openldap is NXDOMAIN`,
  shownBy: ['--name', 'openldap-0.openldap.kubesphere-system.svc.cluster.local'],
  looks: [
    dig(CONSOLE, '@{coredns@node3} openldap-0.openldap.kubesphere-system.svc.cluster.local', { broken: NXDOMAIN }),
    kubectl("-n kubesphere-system get sts openldap -o jsonpath='{.spec.serviceName}'", {
      broken: /^openldap-headless$/,
      whole: /^openldap$/,
    }),
  ],
  inject(stage) {
    setServiceName(stage, { from: RIGHT, to: WRONG })
    return Promise.resolve(() => {
      setServiceName(stage, { from: WRONG, to: RIGHT })
      return Promise.resolve()
    })
  },
  isThere: ({ store }) =>
    textAt(store.get(STATEFUL_SET_TYPE, NAMESPACE, STATEFUL_SET) ?? {}, 'spec', 'serviceName') === WRONG,
}

// Written past the API's checks: serviceName and a pod's subdomain never change on a live object, a cluster is born with them.
function setServiceName(stage: FaultStage, { from, to }: { readonly from: string; readonly to: string }): void {
  const { store } = stage
  const set = store.get(STATEFUL_SET_TYPE, NAMESPACE, STATEFUL_SET)
  if (textAt(set ?? {}, 'spec', 'serviceName') === from && set !== undefined)
    store.update(STATEFUL_SET_TYPE, withSpec(set, { serviceName: to }))
  const pods = podsLabeled(stage, NAMESPACE, { 'app.kubernetes.io/name': 'openldap-ha' })
  for (const pod of pods)
    if (textAt(pod, 'spec', 'subdomain') === from) store.update(POD_TYPE, withSpec(pod, { subdomain: to }))
}

function withSpec(object: RawObject, change: object): RawObject {
  return { ...object, spec: { ...objectAt(object, 'spec'), ...change } }
}
