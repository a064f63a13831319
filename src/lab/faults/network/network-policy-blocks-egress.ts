import { objectAt } from '../../cluster/raw-object.ts'
import { resourceTypeOf } from '../../cluster/resource-types.ts'
import { LabError } from '../../cluster/lab-error.ts'
import type { ResourceType } from '../../cluster/resource-types.ts'
import type { Fault } from '../fault.ts'
import { ANSWERED, CONSOLE, DNS_SERVICE, NAME, NODE_CACHE, dig } from '../look.ts'

const NAMESPACE = 'shop'
const POLICY = 'default-deny'

export const networkPolicyBlocksEgress: Fault = {
  name: 'network-policy-blocks-egress',
  summary: `a NetworkPolicy in ${NAMESPACE} denies all egress: no pod of that namespace resolves anything`,
  shownBy: ['--from', `${NAMESPACE}/web-5f6d8b9c47-t6wnc`],
  needs: 'calico',
  looks: [
    dig('shop/web-5f6d8b9c47-t6wnc', `+notcp @${DNS_SERVICE} ${NAME}`),
    dig('shop/web-5f6d8b9c47-t6wnc', `+notcp @${NODE_CACHE} ${NAME}`),
    dig(CONSOLE, `@${DNS_SERVICE} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  inject({ store }) {
    const spec = { podSelector: {}, policyTypes: ['Egress'], egress: [] }
    const metadata = { name: POLICY, namespace: NAMESPACE }
    store.create(policyType(), { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec })
    return Promise.resolve(() => {
      store.delete(policyType(), NAMESPACE, POLICY)
      return Promise.resolve()
    })
  },
  isThere({ store }) {
    const policy = store.get(policyType(), NAMESPACE, POLICY)
    return policy !== undefined && JSON.stringify(objectAt(policy, 'spec')['egress']) === '[]'
  },
}

function policyType(): ResourceType {
  const type = resourceTypeOf('networking.k8s.io/v1', 'NetworkPolicy')
  if (type === undefined) throw new LabError('not-supported', "The lab's API server has no NetworkPolicy")
  return type
}
