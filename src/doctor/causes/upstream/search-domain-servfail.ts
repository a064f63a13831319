// A search domain that pods inherit from their node fails instead of saying that a name does not exist: resolvers that
// take a failure for the end of the search never ask for the name itself.
import { MADE_UP, inheritedSuffixes, phrase } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { DomainName } from '../../../dns/message.ts'
import type { NodeFacts } from '../../facts/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { askedRungs, excluded, notChecked, shellQuote } from '../support.ts'

export const searchDomainServfail: Cause = {
  code: 'search-domain-servfail',
  needs: ['probes'],
  judge(evidence) {
    const { facts, ladder } = evidence
    const suffixes = inheritedSuffixes(facts)
    if (suffixes.length === 0) {
      return facts.nodes.some(({ resolvConf }) => resolvConf !== undefined)
        ? [excluded(line('observed', 'no-suffix', {}))]
        : [notChecked('not-checked.no-node-file')]
    }
    const rungs = askedRungs(ladder).filter(({ purpose }) => purpose === 'suffix')
    const found = suffixes.flatMap((suffix) => judgeSuffix(evidence, suffix, rungs) ?? [])
    if (found.length > 0) return found
    const denied = suffixes.filter((suffix) => below(rungs, suffix).length > 0).map(withoutDot)
    if (denied.length === 0) return [notChecked('not-checked.suffix-not-asked')]
    return [excluded(line('observed', 'answered', { suffixes: denied }))]
  },
}

function judgeSuffix({ facts, ladder }: Evidence, suffix: DomainName, rungs: readonly Rung[]): Judgement | undefined {
  const failing = below(rungs, suffix).filter(hasFailed)
  const [first] = failing
  if (first === undefined) return undefined
  const plain = askedRungs(ladder).filter(
    ({ hop, purpose, transport }) => hop.name === first.hop.name && purpose === 'external' && transport === 'udp',
  )
  const answered = plain.find(({ observed }) => observed.kind === 'response' && observed.recordCount > 0)
  // Where the plain name fails as well, the suffix is not what is wrong.
  if (answered === undefined || plain.some(hasFailed)) return undefined
  const same = failing.find((rung) => nameOf(rung) === `${nameOf(answered)}${suffix}`)
  const nodes = facts.nodes.filter(({ resolvConf }) => resolvConf?.conf.searches.includes(withoutDot(suffix)))
  const values = { suffix: withoutDot(suffix), nodes: nodes.map(({ name }) => name) }
  const finding = {
    subject: { kind: 'name' as const, name: withoutDot(suffix) },
    objects: nodes.slice(0, 3).map((node) => ({ kind: 'File', namespace: '', name: fileOf(node) })),
    values,
    evidence: [
      ...[same ?? first].map((rung) => failureLine(rung)),
      line('observed', 'plain', { name: withoutDot(nameOf(answered)), server: answered.hop.name }),
      line('observed', 'inherited', { ...values, path: nodes[0]?.resolvConf?.path ?? '' }),
      line('computed', 'who', { suffix: withoutDot(suffix) }),
    ],
    fix: {
      key: 'search-domain-servfail',
      values,
      command: nodes
        .slice(0, 3)
        .map(({ name, resolvConf }) => `ssh -t ${shellQuote(name)} sudo vi ${shellQuote(resolvConf?.path ?? '')}`)
        .join('\n'),
    },
    isFault: true,
    explains: failing.filter(({ result }) => result === 'failed').map(({ id }) => id),
  }
  if (same !== undefined) return { status: 'proven', ...finding }
  const name = withoutDot(`${nameOf(answered)}${suffix}`)
  return { status: 'suspected', ...finding, missing: [phrase('search-domain-servfail.missing-name', { name })] }
}

function failureLine(rung: Rung): ReturnType<typeof line> {
  const name = withoutDot(nameOf(rung))
  const { observed, hop } = rung
  return observed.kind === 'response'
    ? line('observed', 'fails', { name, server: hop.name, rcode: observed.rcode })
    : line('observed', 'silent', { name, server: hop.name, seconds: (rung.elapsedMs / 1000).toFixed(1) })
}

/** The questions below a suffix: for the made-up name, and for the external one. */
function below(rungs: readonly Rung[], suffix: DomainName): Rung[] {
  return rungs.filter((rung) => {
    const name = nameOf(rung)
    return name === `${MADE_UP}.${suffix}` || (!name.startsWith(`${MADE_UP}.`) && name.endsWith(`.${suffix}`))
  })
}

/** musl takes every rcode but NOERROR and NXDOMAIN, and silence, for the end of the search. */
function hasFailed({ observed }: Rung): boolean {
  return observed.kind === 'response' ? !['NOERROR', 'NXDOMAIN'].includes(observed.rcode) : true
}

function nameOf({ question }: Rung): DomainName {
  return question.kind === 'dns' ? question.name : ''
}

function fileOf({ name, resolvConf }: NodeFacts): string {
  return `${name}:${resolvConf?.path ?? ''}`
}

function withoutDot(name: string): string {
  return name.replace(/(.)\.$/, '$1')
}
