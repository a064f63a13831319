import { objectAt } from '../cluster/raw-object.ts'
import { resourceTypeOf } from '../cluster/resource-types.ts'
import { LabError } from '../cluster/lab-error.ts'
import type { ResourceType } from '../cluster/resource-types.ts'
import type { Fault } from './fault.ts'

const NAMESPACE = 'shop'
const NAME = 'default-deny'

export const networkPolicyBlocksEgress: Fault = {
  name: 'network-policy-blocks-egress',
  summary: `a NetworkPolicy in ${NAMESPACE} denies all egress: no pod of that namespace resolves anything`,
  shownBy: ['--from', `${NAMESPACE}/web-5f6d8b9c47-t6wnc`],
  needs: 'calico',
  inject({ store }) {
    const spec = { podSelector: {}, policyTypes: ['Egress'], egress: [] }
    const metadata = { name: NAME, namespace: NAMESPACE }
    store.create(policyType(), { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec })
    return Promise.resolve(() => {
      store.delete(policyType(), NAMESPACE, NAME)
      return Promise.resolve()
    })
  },
  isThere({ store }) {
    const policy = store.get(policyType(), NAMESPACE, NAME)
    return policy !== undefined && JSON.stringify(objectAt(policy, 'spec')['egress']) === '[]'
  },
}

function policyType(): ResourceType {
  const type = resourceTypeOf('networking.k8s.io/v1', 'NetworkPolicy')
  if (type === undefined) throw new LabError('not-supported', "The lab's API server has no NetworkPolicy")
  return type
}
