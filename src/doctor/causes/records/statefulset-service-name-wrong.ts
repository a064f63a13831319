// A StatefulSet's pods get their names from the Service that `serviceName` names: it must exist, select them and be theirs.
import { matchesSelector } from '../../../kube/objects/index.ts'
import type { Workload } from '../../../kube/objects/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Fix, Judgement } from '../judgement.ts'
import {
  absenceOf,
  digCommand,
  endpointNameOf,
  explainsAskedName,
  findPod,
  findService,
  findStatefulSet,
  isHeadless,
  nameSubject,
  namespaced,
  judgeAskedService,
} from './asked-service.ts'
import type { AskedService } from './asked-service.ts'
import { excluded, shellQuote } from '../support.ts'

export const statefulsetServiceNameWrong: Cause = {
  code: 'statefulset-service-name-wrong',
  needs: ['asked-name', 'services', 'stateful-sets'],
  judge: (evidence) => [judgeAskedService(evidence, judge)],
}

function judge(asked: AskedService, evidence: Evidence): Judgement {
  const { facts } = evidence
  const subject = nameSubject(asked)
  const { namespace, endpoint } = asked
  if (endpoint === undefined || asked.depth !== 1) {
    return excluded(line('computed', 'no-pod-label', { name: asked.name }), subject)
  }
  const set = findStatefulSet(facts, namespace, endpoint)
  if (set === undefined)
    return excluded(line('observed', 'no-statefulset', { pod: `${namespace}/${endpoint}` }), subject)
  const absence = absenceOf(asked.answer)
  if (absence === undefined) return excluded(line('computed', 'exists', { name: asked.name }), subject)
  if (absence.code === 'endpoint-not-ready' || absence.code === 'no-ready-endpoints') {
    return excluded(line('observed', 'not-ready', { service: `${namespace}/${asked.service}` }), subject)
  }
  const wrong = findWrong(evidence, asked, set)
  if (wrong === undefined)
    return excluded(line('observed', 'in-order', { statefulset: `${namespace}/${set.meta.name}` }), subject)
  const pod = findPod(facts, namespace, endpoint)
  const right = pod === undefined ? undefined : endpointNameOf(evidence, pod)
  return {
    status: 'proven',
    subject,
    objects: [
      namespaced('StatefulSet', namespace, set.meta.name, 'spec.serviceName'),
      ...(set.serviceName === '' ? [] : [namespaced('Service', namespace, set.serviceName)]),
      ...(pod === undefined ? [] : [namespaced('Pod', namespace, endpoint, 'spec.subdomain')]),
    ],
    values: { name: asked.name, statefulset: `${namespace}/${set.meta.name}`, serviceName: set.serviceName || '""' },
    evidence: [
      line('stated', 'service-name', {
        statefulset: `${namespace}/${set.meta.name}`,
        serviceName: set.serviceName || '""',
      }),
      wrong,
      ...(right === undefined ? [] : [line('computed', 'right-name', { name: right })]),
    ],
    fix: fixFor(evidence, asked, { set, right }),
    isFault: true,
    explains: explainsAskedName(evidence),
  }
}

/** The one thing that keeps the pod from having the name; undefined when nothing does. */
function findWrong({ facts }: Evidence, asked: AskedService, set: Workload): EvidenceLine | undefined {
  const { namespace, endpoint = '' } = asked
  if (set.serviceName === '') return line('stated', 'service-name-empty', {})
  const service = findService(facts, namespace, set.serviceName)
  if (service === undefined) return line('observed', 'service-absent', { service: `${namespace}/${set.serviceName}` })
  const pod = findPod(facts, namespace, endpoint)
  const labels = pod?.meta.labels ?? set.template.labels
  if (!matchesSelector(service.selector ?? {}, labels)) {
    return line('observed', 'not-selected', { service: `${namespace}/${set.serviceName}`, pod: endpoint })
  }
  if (asked.service !== set.serviceName) {
    return line('stated', 'other-service', { asked: asked.service, serviceName: set.serviceName })
  }
  if (!isHeadless(service)) {
    const address = service.clusterIPs.join(', ')
    return line('observed', 'not-headless', { service: `${namespace}/${set.serviceName}`, address })
  }
  const subdomain = pod?.spec.subdomain ?? set.serviceName
  return subdomain === set.serviceName
    ? undefined
    : line('stated', 'subdomain', { pod: endpoint, subdomain: subdomain || '""', serviceName: set.serviceName })
}

function fixFor(
  evidence: Evidence,
  asked: AskedService,
  { set, right }: { readonly set: Workload; readonly right: string | undefined },
): Fix {
  const { namespace } = asked
  if (right !== undefined) return fix('statefulset.use', { name: right }, digCommand(evidence, right))
  const recreate = (name: string): string =>
    `kubectl -n ${namespace} delete statefulset ${set.meta.name} --cascade=orphan   # spec.serviceName: ${name}`
  const statefulset = `${namespace}/${set.meta.name}`
  if (set.serviceName === '' || set.serviceName === asked.service) {
    return set.serviceName === ''
      ? fix('statefulset.recreate', { statefulset }, recreate(asked.service))
      : fix('statefulset.create-service', { service: `${namespace}/${set.serviceName}` }, createService(set))
  }
  // Two ways out, and only the user knows which name was meant.
  const command = [
    `# 1) *.${set.serviceName}`,
    createService(set),
    `# 2) *.${asked.service}`,
    recreate(asked.service),
  ].join('\n')
  return fix('statefulset.create-or-recreate', { statefulset, service: set.serviceName, asked: asked.service }, command)
}

function createService(set: Workload): string {
  const { namespace } = set.meta
  const spec = { clusterIP: 'None', selector: set.selector.matchLabels }
  const manifest = { apiVersion: 'v1', kind: 'Service', metadata: { name: set.serviceName, namespace }, spec }
  return `echo ${shellQuote(JSON.stringify(manifest))} | kubectl apply -f -`
}

function fix(key: string, values: Readonly<Record<string, string>>, command: string): Fix {
  return { key, values, command }
}
