// Windows appends its one DNS suffix to names without a dot only: a name such as SERVICE.NAMESPACE is asked as it is.
import { labelsOf, parseName } from '../../../dns/index.ts'
import type { Pod } from '../../../kube/objects/index.ts'
import type { ClusterFacts } from '../../facts/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement, Subject } from '../judgement.ts'
import { shownName } from '../records/asked-service.ts'
import { excluded, nodeNamed, objectRef, podRef, qualifiedName } from '../support.ts'

export const windowsDottedShortName: Cause = {
  code: 'windows-dotted-short-name',
  needs: ['asked-name', 'nodes'],
  judge: (evidence) => [judge(evidence)],
}

function judge({ asked, facts, pods, explain }: Evidence): Judgement {
  const given = asked?.given ?? ''
  const subject: Subject = { kind: 'name', name: given }
  if (asked === undefined || !isDottedShort(given, asked.name)) {
    return excluded(line('computed', 'not-short', { name: given }), subject)
  }
  const windows = facts.nodes.filter(({ node }) => node?.operatingSystem === 'windows').map(({ name }) => name)
  const [pod] = pods
  if (pod !== undefined && !isOnWindows(facts, pod)) {
    return excluded(line('observed', 'linux', { pod: qualifiedName(pod), node: pod.spec.nodeName }), subject)
  }
  if (windows.length === 0) return excluded(line('observed', 'no-windows', { count: facts.nodes.length }), subject)
  const name = shownName(asked.name)
  const answer = explain(asked.name, asked.type)
  if (answer.kind !== 'records' && answer.kind !== 'delegate') {
    return excluded(line('computed', 'absent', { name }), subject)
  }
  const nodes = pod === undefined ? windows : [pod.spec.nodeName]
  return {
    status: 'proven',
    subject,
    objects: [...(pod === undefined ? [] : [podRef(pod)]), ...nodes.slice(0, 3).map((node) => objectRef('Node', node))],
    values: { name: given, full: name, nodes },
    evidence: [
      line('observed', 'windows', { nodes }),
      line('computed', 'as-is', { name: given }),
      line('computed', 'exists', { full: name }),
    ],
    fix: { key: 'windows-dotted-short-name', values: { full: name }, command: `Resolve-DnsName ${name}` },
    // Without a pod it holds for those on Windows only, and nobody said that the name fails there.
    isFault: pod !== undefined,
    explains: pod === undefined ? [] : [ASKED_NAME],
  }
}

/** Has a dot, is not absolute, and was completed by a search domain. */
function isDottedShort(given: string, full: string): boolean {
  if (given.endsWith('.') || !given.includes('.')) return false
  return labelsOf(parseName(given)).length < labelsOf(full).length
}

function isOnWindows(facts: ClusterFacts, { spec }: Pod): boolean {
  return nodeNamed(facts, spec.nodeName)?.node?.operatingSystem === 'windows'
}
