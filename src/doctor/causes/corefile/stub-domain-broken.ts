// A zone with upstreams of its own: they are dead, or refuse.
import { isSubdomain } from '../../../dns/index.ts'
import type { CorefileFact } from '../../facts/index.ts'
import {
  counterGrowth,
  failureGrowth,
  formatEndpoint,
  isDefaultForward,
  listForwards,
  phrase,
  sumSamples,
} from '../../ladder/index.ts'
import type { Forward, Ladder, Rung, Scrape } from '../../ladder/index.ts'
import { shownName } from '../records/asked-service.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { EvidenceLine, Judgement, Subject } from '../judgement.ts'
import { corefileRef, editCorefile, passesReplicas } from '../coredns-support.ts'
import { askedRungs, excluded, notChecked } from '../support.ts'

export const stubDomainBroken: Cause = {
  code: 'stub-domain-broken',
  needs: ['config-maps'],
  judge(evidence) {
    const { corefile } = evidence.facts.dns
    if (corefile === undefined) return [notChecked('not-checked.no-corefile')]
    const stubs = listForwards(corefile.blocks)
      .filter((forward) => !isDefaultForward(forward))
      .flatMap((forward) => zonesOf(forward).map((zone) => ({ zone, forward })))
    if (stubs.length === 0) return [excluded(line('stated', 'no-stub', {}))]
    return stubs.map((stub) => judgeStub(evidence, corefile, stub))
  },
}

interface Stub {
  /** With its final dot. */
  readonly zone: string
  readonly forward: Forward
}

function zonesOf({ from, zones }: Forward): string[] {
  return (from === '.' ? zones : [from]).filter((zone) => zone !== '.' && !zone.endsWith('arpa.'))
}

function judgeStub({ ladder, asked }: Evidence, corefile: CorefileFact, { zone, forward }: Stub): Judgement {
  const subject: Subject = { kind: 'name', name: shownName(zone) }
  const below = askedRungs(ladder).filter((rung) => passesReplicas(rung) && isBelow(rung, zone))
  if (below.length === 0) return notChecked('not-checked.stub-not-asked', { zone: subject.name }, subject)
  const broken = below.filter(isBroken)
  const [first] = broken
  if (first === undefined) return excluded(line('observed', 'answers', { zone: subject.name }), subject)
  const targets = forward.targets.filter(({ kind }) => kind === 'address')
  const to = targets.map(({ text, port }) => formatEndpoint({ address: text, port }))
  const counters = counterLines(ladder, to)
  const isAsked = asked !== undefined && broken.some(({ purpose }) => purpose === 'asked')
  const finding = {
    subject,
    objects: [corefileRef(corefile, forward.line)],
    values: { zone: subject.name, upstreams: forward.targets.map(({ text }) => text) },
    evidence: [
      line('observed', 'fails', { server: first.hop.name, zone: subject.name, answer: outcomeOf(first) }),
      ...counters,
      line('stated', 'forward', {
        map: `${corefile.configMap.namespace}/${corefile.configMap.name}`,
        line: forward.line,
        upstreams: forward.targets.map(({ text }) => text),
      }),
    ],
    fix: {
      key: 'stub-domain-broken',
      values: { zone: subject.name, line: forward.line },
      command: [
        ...to.map((each) => `dig ${subject.name} SOA @${each.replace(/:53$/, '')}`),
        editCorefile(corefile),
      ].join('\n'),
    },
    isFault: true,
    explains: [...broken.map(({ id }) => id), ...(isAsked ? [ASKED_NAME] : [])],
  }
  if (counters.length > 0) return { status: 'proven', ...finding }
  return { status: 'suspected', ...finding, missing: [phrase('stub-domain-broken.missing-counter', { upstreams: to })] }
}

function isBelow({ question, purpose }: Rung, zone: string): boolean {
  return (purpose === 'stub' || purpose === 'asked') && question.kind === 'dns' && isSubdomain(question.name, zone)
}

/** SERVFAIL or REFUSED, or nothing while the server waits for its upstreams. */
function isBroken({ observed, result }: Rung): boolean {
  if (result !== 'failed') return false
  return observed.kind === 'response' ? ['SERVFAIL', 'REFUSED'].includes(observed.rcode) : observed.kind === 'timeout'
}

function outcomeOf({ observed }: Rung): string {
  return observed.kind === 'response' ? observed.rcode : observed.kind
}

const BAD_RCODES = ['SERVFAIL', 'REFUSED'] as const

/** What the servers count of these upstreams: failed health checks, and answers that are none. */
function counterLines({ scrapes }: Ladder, to: readonly string[]): EvidenceLine[] {
  return scrapes
    .filter(({ hop }) => hop.kind === 'replica')
    .flatMap((scrape) => to.flatMap((each) => [...failureLines(scrape, each), ...rcodeLines(scrape, each)]))
    .slice(0, 2)
}

function failureLines(scrape: Scrape, to: string): EvidenceLine[] {
  const growth = failureGrowth(scrape, to) ?? 0
  return growth > 0 ? [line('observed', 'health', { server: scrape.hop.name, to, growth })] : []
}

function rcodeLines(scrape: Scrape, to: string): EvidenceLine[] {
  return BAD_RCODES.flatMap((rcode) => {
    const name = 'coredns_proxy_request_duration_seconds_count'
    // With one reading only the sum since the start is known; it tells that the upstream does give such answers.
    const count =
      counterGrowth(scrape, name, { to, rcode }) ??
      (scrape.second === undefined ? sumSamples(scrape.first, name, { to, rcode }) : undefined) ??
      0
    return count > 0 ? [line('observed', 'rcodes', { server: scrape.hop.name, to, rcode, count })] : []
  })
}
