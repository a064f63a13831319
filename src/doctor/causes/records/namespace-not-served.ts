// The kubernetes directive may show some namespaces or Services only: what it leaves out does not exist for anybody.
import { matchesLabelSelector } from '../../../kube/objects/index.ts'
import type { LabelSelector } from '../../../kube/objects/index.ts'
import { optionsNamed } from '../../../route/index.ts'
import { corefileRef, editCorefile } from '../coredns-support.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement, Subject } from '../judgement.ts'
import { excluded, notChecked } from '../support.ts'
import { clusterLabels, explainsAskedName, findService, namespaced, shownName } from './asked-service.ts'
import { findKubernetesDirective, lineOf } from './kubernetes-directive.ts'
import type { KubernetesDirective } from './kubernetes-directive.ts'

export const namespaceNotServed: Cause = {
  code: 'namespace-not-served',
  needs: ['services', 'config-maps'],
  judge(evidence) {
    const directive = findKubernetesDirective(evidence.facts.dns.corefile)
    if (directive === undefined) return [notChecked('not-checked.no-cluster-zone')]
    return [evidence.asked === undefined ? judgeAll(evidence, directive) : judgeAsked(evidence, directive)]
  },
}

/** What leaves something out: the option of the directive. */
type Hiding = 'labels' | 'namespace_labels' | 'namespaces'

function judgeAsked(evidence: Evidence, directive: KubernetesDirective): Judgement {
  const { asked, facts } = evidence
  const name = shownName(asked?.name ?? '')
  const subject: Subject = { kind: 'name', name }
  const [kind, namespace, service] = clusterLabels(facts, asked?.name ?? '.')
  if (kind !== 'svc' || namespace === undefined) return excluded(line('computed', 'other-form', { name }), subject)
  const object = service === undefined ? undefined : findService(facts, namespace, service)
  const isThere = object !== undefined || facts.objects.namespaces.some(({ meta }) => meta.name === namespace)
  if (!isThere) return excluded(line('observed', 'no-namespace', { namespace }), subject)
  const hiding =
    hidingNamespace(evidence, directive, namespace) ??
    (object !== undefined && !selects(directive.options.labels, object.meta.labels) ? 'labels' : undefined)
  if (hiding === undefined) return excluded(line('stated', 'served', { namespace }), subject)
  const objects = service === undefined ? [] : [namespaced('Service', namespace, service)]
  return {
    ...finding(directive, hiding, [namespace]),
    subject,
    objects: [corefileRef(directive.corefile, lineOf(directive, hiding)), ...objects],
    ...(hiding === 'labels' ? { summary: 'service-left-out' } : {}),
    values: { name, namespaces: [namespace], option: optionText(directive, hiding) },
    evidence: [
      line('stated', 'option', { option: optionText(directive, hiding), line: lineOf(directive, hiding) }),
      line('observed', hiding === 'labels' ? 'service-without-labels' : 'left-out', { namespaces: [namespace], name }),
      ...(object === undefined ? [] : [line('observed', 'exists', { service: `${namespace}/${object.meta.name}` })]),
    ],
    explains: explainsAskedName(evidence),
  }
}

/** Without a name: namespaces with Services that nobody can resolve. Somebody may have meant that. */
function judgeAll(evidence: Evidence, directive: KubernetesDirective): Judgement {
  const { services } = evidence.facts.objects
  const namespaces = [...new Set(services.map(({ meta }) => meta.namespace))].toSorted()
  const hidden = namespaces.filter((namespace) => hidingNamespace(evidence, directive, namespace) !== undefined)
  const [first] = hidden
  const hiding = first === undefined ? undefined : hidingNamespace(evidence, directive, first)
  if (first === undefined || hiding === undefined) {
    return excluded(line('stated', 'all-served', { count: namespaces.length }))
  }
  const count = services.filter(({ meta }) => hidden.includes(meta.namespace)).length
  return {
    ...finding(directive, hiding, hidden),
    subject: {
      kind: 'config-map',
      name: `${directive.corefile.configMap.namespace}/${directive.corefile.configMap.name}`,
    },
    objects: [corefileRef(directive.corefile, lineOf(directive, hiding))],
    values: { name: '', namespaces: hidden, option: optionText(directive, hiding) },
    summary: 'namespaces-left-out',
    evidence: [
      line('stated', 'option', { option: optionText(directive, hiding), line: lineOf(directive, hiding) }),
      line('observed', 'services-there', { namespaces: hidden, count }),
    ],
    explains: [],
  }
}

function finding(
  { corefile, options }: KubernetesDirective,
  hiding: Hiding,
  namespaces: readonly string[],
): Pick<Extract<Judgement, { status: 'proven' }>, 'fix' | 'isFault' | 'status'> {
  const edit = `${editCorefile(corefile)}   # kubernetes { ${hiding} }`
  const wanted = Object.entries(options.namespaceLabels?.matchLabels ?? {})
  const [namespace] = namespaces
  const label =
    hiding === 'namespace_labels' && wanted.length > 0 && namespace !== undefined
      ? [`# kubectl label namespace ${namespace} ${wanted.map(([key, value]) => `${key}=${value}`).join(' ')}`]
      : []
  return {
    status: 'proven',
    fix: { key: 'namespace-not-served', values: { option: hiding }, command: [edit, ...label].join('\n') },
    isFault: false,
  }
}

function hidingNamespace({ facts }: Evidence, { options }: KubernetesDirective, name: string): Hiding | undefined {
  const { namespaces } = options.schema
  if (namespaces.length > 0 && !namespaces.includes(name)) return 'namespaces'
  const object = facts.objects.namespaces.find(({ meta }) => meta.name === name)
  return object === undefined || selects(options.namespaceLabels, object.meta.labels) ? undefined : 'namespace_labels'
}

function selects(selector: LabelSelector | undefined, labels: Readonly<Record<string, string>>): boolean {
  return selector === undefined || matchesLabelSelector(selector, labels)
}

/** The option as it stands there: `namespaces default kube-system`. */
function optionText({ statement }: KubernetesDirective, hiding: Hiding): string {
  const [option] = optionsNamed(statement, hiding)
  return [hiding, ...(option?.args ?? [])].join(' ')
}
