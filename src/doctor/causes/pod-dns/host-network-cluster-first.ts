// hostNetwork with ClusterFirst: kubelet silently treats it as Default.
import type { Pod } from '../../../kube/objects/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, notChecked } from '../support.ts'
import { isClusterQuestion } from '../coredns-support.ts'
import { concernedPods, explainsPods, groupRefs, groupSubject, groupValues } from './pod-settings.ts'
import type { PodGroup } from './pod-settings.ts'
import { workloadPatch } from './workload-patch.ts'

export const hostNetworkClusterFirst: Cause = {
  code: 'host-network-cluster-first',
  needs: ['pods'],
  judge(evidence) {
    const groups = concernedPods(evidence, isSilentDefault)
    if (groups.length > 0) return groups.map((group) => judgeGroup(evidence, group))
    if (evidence.facts.objects.pods.length === 0) return [notChecked('not-checked.no-pods')]
    return [excluded(line('observed', 'none', {}))]
  },
}

function isSilentDefault({ spec }: Pod): boolean {
  return spec.hostNetwork && spec.dnsPolicy === 'ClusterFirst'
}

function judgeGroup(evidence: Evidence, group: PodGroup): Judgement {
  return {
    status: 'proven',
    subject: groupSubject(group),
    objects: groupRefs(group, 'spec.dnsPolicy'),
    values: groupValues(group),
    evidence: [
      line('stated', 'fields', groupValues(group)),
      line('computed', 'becomes-default', { owner: group.owner }),
    ],
    fix: {
      key: 'host-network-cluster-first',
      values: { owner: group.owner },
      command: workloadPatch(group, { dnsPolicy: 'ClusterFirstWithHostNet' }),
    },
    isFault: false,
    explains: explainsPods(evidence, group, isClusterQuestion),
  }
}
