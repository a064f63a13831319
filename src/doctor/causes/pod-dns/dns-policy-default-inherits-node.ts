// dnsPolicy Default is not the default: the pod gets its node's resolver, which knows nothing of the cluster.
import type { Pod } from '../../../kube/objects/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, notChecked } from '../support.ts'
import { isClusterQuestion } from '../coredns-support.ts'
import { concernedPods, explainsPods, groupRefs, groupSubject, groupValues } from './pod-settings.ts'
import type { PodGroup } from './pod-settings.ts'
import { workloadPatch } from './workload-patch.ts'

export const dnsPolicyDefaultInheritsNode: Cause = {
  code: 'dns-policy-default-inherits-node',
  needs: ['pods'],
  judge(evidence) {
    // Pods have it on purpose as a rule: it only matters for the pod that somebody asks about.
    if (evidence.pods.length === 0) return [notChecked('not-checked.no-pod')]
    const groups = concernedPods(evidence, isDefault)
    if (groups.length > 0) return groups.map((group) => judgeGroup(evidence, group))
    return [excluded(line('observed', 'none', {}))]
  },
}

function isDefault({ spec }: Pod): boolean {
  return spec.dnsPolicy === 'Default'
}

function judgeGroup(evidence: Evidence, group: PodGroup): Judgement {
  const { asked, pods } = evidence
  const isAsked = asked?.inCluster === true && group.pods.some((pod) => pods.includes(pod))
  return {
    status: 'proven',
    subject: groupSubject(group),
    objects: groupRefs(group, 'spec.dnsPolicy'),
    values: groupValues(group),
    evidence: [line('stated', 'field', groupValues(group)), line('computed', 'inherits', { owner: group.owner })],
    fix: {
      key: 'dns-policy-default-inherits-node',
      values: { owner: group.owner },
      command: workloadPatch(group, { dnsPolicy: 'ClusterFirst' }),
    },
    isFault: false,
    explains: [...new Set([...(isAsked ? [ASKED_NAME] : []), ...explainsPods(evidence, group, isClusterQuestion)])],
  }
}
