// A resolv.conf lists servers that know different names: what one answers the other denies, and whoever is asked wins.
import { listUpstreamUses } from '../../ladder/index.ts'
import type { PhraseValue, Rung, UpstreamUse } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { askedRungs, excluded, failedIds, notChecked } from '../support.ts'
import { shownName } from '../records/asked-service.ts'
import { objectsOfUses, placeOfUse } from './upstream-evidence.ts'

export const upstreamsNotEquivalent: Cause = {
  code: 'upstreams-not-equivalent',
  needs: [],
  judge(evidence) {
    const nodes = [...new Set(listUpstreamUses(evidence.facts).map(({ node }) => node))]
    const judgements = nodes.map((node) => judgeNode(evidence, node))
    const found = judgements.filter(({ status }) => status === 'proven')
    if (found.length > 0) return found
    // A name that all of them know tells nothing about the names that only one knows.
    return judgements
      .slice(0, 1)
      .map((first) =>
        first.status === 'not-checked' || evidence.asked?.inCluster === false
          ? first
          : notChecked('not-checked.no-private-name', {}),
      )
  },
}

function judgeNode({ facts, ladder }: Evidence, node: string): Judgement {
  const uses = listUpstreamUses(facts).filter((use) => use.node === node && use.inEffect && use.scheme === 'dns')
  const rungs = askedRungs(ladder).filter((rung) => rung.hop.kind === 'upstream' && rung.fromNode === node)
  for (const purpose of ['asked', 'external'] as const) {
    const own = rungs.filter((rung) => rung.purpose === purpose && isInEffect(uses, rung))
    const positive = own.filter(isPositive)
    const denied = own.filter((rung) => isDenied(rung) && !positive.some((other) => other.hop.name === rung.hop.name))
    const [yes, no] = [positive[0], denied[0]]
    if (yes === undefined || no === undefined || yes.question.kind !== 'dns') continue
    const name = shownName(yes.question.name)
    const servers = new Set(uses.flatMap((use) => use.servers.map((hop) => hop.name)))
    return {
      status: 'proven',
      subject: { kind: 'node', name: node },
      objects: objectsOfUses(uses),
      values: { name, node, knowing: namesOf(positive), denying: namesOf(denied) },
      evidence: [
        line('observed', 'knows', { upstreams: namesOf(positive), name, node }),
        line('observed', 'denies', { upstreams: namesOf(denied), name, node }),
        ...uses.slice(0, 1).map((use) => placeOfUse(facts, use)),
        line('computed', 'random-choice', { servers: [...servers] }),
      ],
      fix: fixFor(uses, namesOf(positive), name),
      isFault: false,
      explains: failedIds(
        ladder,
        (rung) =>
          rung.purpose === purpose &&
          isDenied(rung) &&
          ((rung.hop.kind === 'upstream' && rung.fromNode === node) ||
            servers.has(rung.hop.name) ||
            rung.hop.kind === 'dns-service'),
      ),
    }
  }
  const answered = rungs.filter((rung) => rung.observed.kind === 'response')
  if (new Set(answered.map(({ hop }) => hop.name)).size < 2) {
    return notChecked('not-checked.fewer-than-two-upstreams', { node }, { kind: 'node', name: node })
  }
  return excluded(line('observed', 'agree', { upstreams: namesOf(answered), node }), { kind: 'node', name: node })
}

function isInEffect(uses: readonly UpstreamUse[], rung: Rung): boolean {
  return uses.some(({ address, port }) => address === rung.to.address && port === rung.to.port)
}

function isPositive({ observed }: Rung): boolean {
  return observed.kind === 'response' && observed.rcode === 'NOERROR' && observed.recordCount > 0
}

function isDenied({ observed }: Rung): boolean {
  return observed.kind === 'response' && observed.rcode === 'NXDOMAIN'
}

function namesOf(rungs: readonly Rung[]): string[] {
  return [...new Set(rungs.map(({ hop }) => hop.name))]
}

function fixFor(
  uses: readonly UpstreamUse[],
  knowing: readonly string[],
  name: string,
): { key: string; values: Record<string, PhraseValue>; command: string } {
  const zone = name.split('.').slice(1).join('.') || name
  const corefiles = [...new Set(uses.flatMap(({ servers }) => servers.map(({ name: server }) => server.split('/')[0])))]
  const namespace = corefiles[0] ?? 'kube-system'
  const command = [
    `kubectl -n ${namespace} edit configmap coredns`,
    `#   ${zone}:53 {`,
    `#       forward . ${knowing.join(' ')}`,
    '#   }',
  ].join('\n')
  return { key: 'upstreams-not-equivalent', values: { zone, upstreams: knowing }, command }
}
