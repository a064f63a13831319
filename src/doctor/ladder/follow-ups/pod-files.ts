// The nameservers of a pod's own file, where it is not the one that kubelet would write today.
import { MAX_NAMESERVERS, parseResolvConf } from '../../../route/index.ts'
import { askNameservers } from '../probes/nameservers.ts'
import type { FollowUp } from './follow-up.ts'

export const planPodFiles: FollowUp = ({ facts, rungs, podFiles, options }) => {
  const asked = new Set(rungs.map(({ id }) => id))
  return podFiles.flatMap(({ namespace, pod, text }) => {
    const origin = options.origins.find(
      ({ place }) => place.kind === 'pod' && place.namespace === namespace && place.name === pod,
    )
    if (origin === undefined) return []
    const addresses = parseResolvConf(text).nameservers.slice(0, MAX_NAMESERVERS)
    const spec = facts.objects.pods.find(({ meta }) => meta.namespace === namespace && meta.name === pod)?.spec
    const asksCluster = spec?.dnsPolicy !== 'Default'
    const planned = askNameservers(facts, options, { origin, addresses, asksCluster })
    return planned.filter(({ id }) => !asked.has(id))
  })
}
