// autopath follows a search list for the client: of another pod's namespace where it takes the client for another pod.
import type { CorefileFact } from '../../facts/index.ts'
import { phrase, sumSamples } from '../../ladder/index.ts'
import type { Ladder, Rung } from '../../ladder/index.ts'
import { shownName } from '../records/asked-service.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { corefileRef, corefileSubject, editCorefile, passesReplicas } from '../coredns-support.ts'
import { excluded, notChecked } from '../support.ts'

export const autopathMisidentifiesClient: Cause = {
  code: 'autopath-misidentifies-client',
  needs: ['config-maps'],
  judge: (evidence) => [judge(evidence)],
}

function judge(evidence: Evidence): Judgement {
  const { facts, ladder, asked } = evidence
  const { corefile, nodeCaches } = facts.dns
  if (corefile === undefined) return notChecked('not-checked.no-corefile')
  const subject = corefileSubject(corefile)
  const at = lineOfAutopath(corefile)
  if (at === undefined) return excluded(line('stated', 'no-autopath', { map: subject.name }), subject)
  const odd = ladder.rungs.filter((rung) => rung.purpose === 'asked' && passesReplicas(rung) && isOdd(rung))
  const [first] = odd
  const counted = countersOf(ladder)
  const windows = facts.nodes.filter(({ node }) => node?.operatingSystem === 'windows').map(({ name }) => name)
  const values = { map: subject.name, line: at }
  const finding = {
    subject,
    objects: [corefileRef(corefile, at)],
    values: { ...values, name: asked === undefined ? '' : shownName(asked.name) },
    ...(first === undefined ? { summary: 'in-use' } : {}),
    evidence: [
      ...(first === undefined ? [] : [cnameLine(first)]),
      line('stated', 'in-use', values),
      ...counted,
      ...(nodeCaches.length > 0 ? [line('computed', 'behind-cache', { cache: nodeCaches[0]?.name ?? '' })] : []),
      ...(windows.length > 0 ? [line('observed', 'windows', { nodes: windows })] : []),
    ],
    fix: { key: 'autopath-misidentifies-client', values, command: editCorefile(corefile) },
    isFault: false,
    explains: odd.length === 0 ? [] : [ASKED_NAME, ...odd.map(({ id }) => id)],
  }
  // As a fact of the configuration it is complete; as a cause it needs the server's own count beside the odd answer.
  if (first === undefined || counted.length > 0) return { status: 'proven', ...finding }
  return { status: 'suspected', ...finding, missing: [phrase('autopath-misidentifies-client.missing-counter')] }
}

function lineOfAutopath({ blocks }: CorefileFact): number | undefined {
  return blocks.flatMap(({ directives }) => directives).find(({ name }) => name === 'autopath')?.tokens[0]?.line
}

/** A name that no object gives is answered, with a CNAME record to what autopath found further down the search list. */
function isOdd({ result, expected, observed }: Rung): boolean {
  if (result !== 'failed' || observed.kind !== 'response' || expected.kind !== 'records') return false
  return observed.rcode === 'NOERROR' && cnameOf(observed.records) !== undefined && !hasCname(expected.records)
}

function hasCname(records: readonly string[]): boolean {
  return cnameOf(records) !== undefined
}

/** RDATA that is a name, among addresses. */
function cnameOf(records: readonly string[]): string | undefined {
  return records.find((record) => /^[^\s"]*[a-z][^\s":]*\.$/i.test(record))
}

function cnameLine({ hop, question, observed }: Rung): EvidenceLine {
  const name = question.kind === 'dns' ? shownName(question.name) : ''
  const target = observed.kind === 'response' ? (cnameOf(observed.records) ?? '') : ''
  return line('observed', 'cname', { server: hop.name, name, target: shownName(target) })
}

function countersOf({ scrapes }: Ladder): EvidenceLine[] {
  return scrapes
    .flatMap(({ hop, first, second }) => {
      const count = sumSamples(second ?? first, 'coredns_autopath_success_total') ?? 0
      return count > 0 ? [line('observed', 'counted', { server: hop.name, count })] : []
    })
    .slice(0, 1)
}
