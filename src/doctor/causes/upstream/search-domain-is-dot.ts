// A host whose search list is "." below a kubelet that makes an empty domain of it.
import { emptiesRootDomain } from '../../../route/index.ts'
import type { NodeFacts } from '../../facts/index.ts'
import { phrase, podsOnNode } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, failedIds, notChecked, objectRef, qualifiedName, shellQuote } from '../support.ts'

/** Of the file as it is: a parser may take the root for no domain at all. */
const ROOT_SEARCH = /^search[ \t]+(?:\S+[ \t]+)*\.(?:[ \t]|\r?$)/m
/** A search line with an empty domain: none at all, or a blank too many. */
const EMPTY_DOMAIN = /^search(?:[ \t]*$|[ \t].*[ \t]{2,}\S|[ \t].*\S[ \t]+$)/m

export const searchDomainIsDot: Cause = {
  code: 'search-domain-is-dot',
  needs: [],
  judge(evidence) {
    const { nodes } = evidence.facts
    const seen = nodes.filter(({ resolvConf }) => resolvConf !== undefined)
    const [first] = seen
    if (first === undefined) return [notChecked('not-checked.no-node-file')]
    const dotted = seen.filter(({ resolvConf }) => ROOT_SEARCH.test(resolvConf?.text ?? ''))
    const [root] = dotted
    if (root === undefined) return [excluded(line('observed', 'no-root', { count: seen.length }))]
    const found = dotted.filter(({ kubelet }) => emptiesRootDomain(kubelet.version))
    if (found.length > 0) return found.map((node) => judgeNode(evidence, node))
    const { version } = root.kubelet
    return [
      version === ''
        ? notChecked('not-checked.no-kubelet')
        : excluded(line('observed', 'recent', { node: root.name, version })),
    ]
  },
}

function judgeNode({ facts, ladder, pods, asked }: Evidence, node: NodeFacts): Judgement {
  const onNode = podsOnNode(facts, node.name)
  const named = new Set(onNode.map(qualifiedName))
  const files = ladder.podFiles.filter(
    ({ namespace, pod, text }) => named.has(`${namespace}/${pod}`) && EMPTY_DOMAIN.test(text),
  )
  const shown = files.map(({ namespace, pod }) => `${namespace}/${pod}`)
  const path = node.resolvConf?.path ?? node.kubelet.resolvConf.value
  const values = { node: node.name, version: node.kubelet.version, file: `${node.name}:${path}` }
  const isAsked = asked !== undefined && pods.some((pod) => shown.includes(qualifiedName(pod)))
  const finding = {
    subject: { kind: 'node' as const, name: node.name },
    objects: [
      { kind: 'File', namespace: '', name: `${node.name}:${path}` },
      ...shown.map((one) => objectRef('Pod', one)),
    ],
    values,
    evidence: [
      ...(shown.length === 0 ? [] : [line('observed', 'pod-file', { pods: shown })]),
      line('observed', 'file', values),
      line('observed', 'version', values),
      line('computed', 'concerned', { count: onNode.filter(inherits).length, node: node.name }),
    ],
    fix: {
      key: 'search-domain-is-dot',
      values,
      command: [
        `ssh ${shellQuote(node.name)} sudo resolvectl domain   # then: DOMAINS= in /etc/systemd/resolved.conf`,
        `ssh ${shellQuote(node.name)} sudo systemctl restart systemd-resolved kubelet`,
      ].join('\n'),
    },
    isFault: true,
    explains: [
      ...(isAsked ? [ASKED_NAME] : []),
      ...failedIds(
        ladder,
        ({ from, hop }) =>
          from.kind === 'pod' && hop.kind === 'nameserver' && shown.includes(`${from.namespace}/${from.name}`),
      ),
    ],
  }
  return shown.length > 0
    ? { status: 'proven', ...finding }
    : {
        status: 'suspected',
        ...finding,
        missing: [phrase('search-domain-is-dot.missing-pod-file', { node: node.name })],
      }
}

function inherits({ spec, phase }: { readonly spec: { readonly dnsPolicy: string }; readonly phase: string }): boolean {
  return spec.dnsPolicy !== 'None' && phase !== 'Succeeded' && phase !== 'Failed'
}
