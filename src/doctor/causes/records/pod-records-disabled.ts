// A-B-C-D.NAMESPACE.pod.ZONE exists only where the Corefile asks for such names: the default is `pods disabled`.
import { optionsNamed } from '../../../route/index.ts'
import { addressFromLabel } from '../../../kube/schema/index.ts'
import { corefileRef, editCorefile } from '../coredns-support.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement, Subject } from '../judgement.ts'
import { excluded, notChecked, podRef, qualifiedName } from '../support.ts'
import { clusterLabels, digCommand, endpointNameOf, explainsAskedName, shownName } from './asked-service.ts'
import { findKubernetesDirective, lineOf } from './kubernetes-directive.ts'

export const podRecordsDisabled: Cause = {
  code: 'pod-records-disabled',
  needs: ['asked-name', 'config-maps'],
  judge: (evidence) => [judge(evidence)],
}

function judge(evidence: Evidence): Judgement {
  const { asked, facts } = evidence
  const name = shownName(asked?.name ?? '')
  const subject: Subject = { kind: 'name', name }
  const [kind, namespace, label] = clusterLabels(facts, asked?.name ?? '.')
  if (kind !== 'pod' || namespace === undefined || label === undefined) {
    return excluded(line('computed', 'other-form', { name }), subject)
  }
  const directive = findKubernetesDirective(facts.dns.corefile)
  if (directive === undefined) return notChecked('not-checked.no-cluster-zone', {}, subject)
  const { corefile, options, statement } = directive
  const [option] = optionsNamed(statement, 'pods')
  const at = lineOf(directive, 'pods')
  const map = `${corefile.configMap.namespace}/${corefile.configMap.name}`
  if (options.schema.pods !== 'disabled') {
    return excluded(line('stated', 'mode', { configMap: map, mode: options.schema.pods, line: at }), subject)
  }
  const address = addressFromLabel(label)
  const pod = facts.objects.pods.find(
    ({ meta, podIPs }) => meta.namespace === namespace && address !== undefined && podIPs.includes(address),
  )
  const other = pod && endpointNameOf(evidence, pod)
  return {
    status: 'proven',
    subject,
    objects: [corefileRef(corefile, at), ...(pod === undefined ? [] : [podRef(pod)])],
    values: { name, configMap: map },
    evidence: [
      option === undefined
        ? line('stated', 'no-option', { configMap: map, line: at })
        : line('stated', 'disabled', { configMap: map, line: at }),
      line('computed', 'form', { name }),
      ...(pod === undefined ? [] : [line('observed', 'pod', { pod: qualifiedName(pod), address: address ?? '' })]),
      ...(other === undefined ? [] : [line('computed', 'other-name', { name: other })]),
    ],
    fix: {
      key: 'pod-records.enable',
      values: { configMap: map },
      command: [
        ...(other === undefined ? [] : [digCommand(evidence, other)]),
        `${editCorefile(corefile)}   # kubernetes { pods verified }`,
      ].join('\n'),
    },
    isFault: false,
    explains: explainsAskedName(evidence),
  }
}
