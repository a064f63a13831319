// EKS: a pod with security groups has its own network interface, whose traffic does not pass the node's link-local address.
import type { Pod } from '../../../kube/objects/index.ts'
import type { NodeCacheFact } from '../../facts/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { askedRungs, excluded, podRef, qualifiedName } from '../support.ts'
import { cacheName, cacheSubject, judgeCaches, ownAddresses } from './cache-support.ts'

export const securityGroupsBypassNodeCache: Cause = {
  code: 'security-groups-bypass-node-cache',
  needs: ['pods'],
  judge: (evidence) => judgeCaches(evidence.facts, (cache) => [judgeCache(evidence, cache)]),
}

/** The VPC resource controller writes it on pods that it gave a branch interface. */
const ANNOTATION = 'vpc.amazonaws.com/pod-eni'

function judgeCache(evidence: Evidence, cache: NodeCacheFact): Judgement {
  const { facts, ladder, pods } = evidence
  const subject = cacheSubject(cache)
  const grouped = facts.objects.pods.filter(hasGroups)
  if (grouped.length === 0) return excluded(line('observed', 'none', {}), subject)
  const addresses = ownAddresses(facts, cache)
  const atCache = askedRungs(ladder).filter(
    ({ to, transport }) => transport !== 'http' && addresses.includes(to.address),
  )
  const own = atCache.filter(({ from }) => isFrom(from, pods.filter(hasGroups)))
  const others = atCache.filter((rung) => !own.includes(rung))
  if (own.some(isAnswered)) return excluded(line('observed', 'answers', { addresses }), subject)
  const names = grouped.slice(0, 5).map(qualifiedName)
  const control = others.find(isAnswered)
  const finding = {
    subject,
    objects: grouped.slice(0, 5).map((pod) => podRef(pod, `metadata.annotations[${ANNOTATION}]`)),
    values: { cache: cacheName(cache), pods: names, count: grouped.length },
    evidence: [
      line('observed', 'annotated', { count: grouped.length, pods: names, annotation: ANNOTATION }),
      ...(own.length === 0 ? [] : [line('observed', 'unanswered', { count: own.length, addresses })]),
      ...(control === undefined
        ? []
        : [line('observed', 'control', { node: control.fromNode ?? '', address: control.to.address })]),
    ],
    fix: {
      key: 'security-groups',
      values: { pods: names },
      command: 'kubectl -n kube-system set env daemonset aws-node POD_SECURITY_GROUP_ENFORCING_MODE=standard',
    },
    isFault: false,
    explains: own.filter(({ result }) => result === 'failed').map(({ id }) => id),
  }
  const failsElsewhere = others.some((rung) => !isAnswered(rung))
  if (own.length > 0 && control !== undefined && !failsElsewhere) return { status: 'proven', ...finding }
  return {
    status: 'suspected',
    ...finding,
    missing: [phrase('security-groups-bypass-node-cache.missing-probe')],
  }
}

function hasGroups({ meta }: Pod): boolean {
  return ANNOTATION in meta.annotations
}

function isFrom(place: Rung['from'], pods: readonly Pod[]): boolean {
  return place.kind === 'pod' && pods.some(({ meta }) => meta.namespace === place.namespace && meta.name === place.name)
}

function isAnswered({ observed }: Rung): boolean {
  return observed.kind === 'response'
}
