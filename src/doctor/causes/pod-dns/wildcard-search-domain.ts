// A search domain whose zone answers to every name: mistyped and external names end at one odd address.
import { labelsOf } from '../../../dns/index.ts'
import { MADE_UP } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { askedRungs, excluded, notChecked, shellQuote } from '../support.ts'

export const wildcardSearchDomain: Cause = {
  code: 'wildcard-search-domain',
  needs: ['probes'],
  judge(evidence) {
    const rungs = askedRungs(evidence.ladder).filter(isMadeUp)
    const answered = rungs.filter(({ observed }) => observed.kind === 'response')
    if (answered.length === 0) {
      const searches = evidence.facts.nodes.flatMap(({ resolvConf }) => resolvConf?.conf.searches ?? [])
      return searches.length === 0 && evidence.facts.nodes.some(({ resolvConf }) => resolvConf !== undefined)
        ? [excluded(line('observed', 'no-suffix', {}))]
        : [notChecked('not-checked.suffix-not-asked')]
    }
    const wild = answered.filter(({ observed }) => observed.kind === 'response' && observed.recordCount > 0)
    if (wild.length > 0) return wild.map((rung) => judgeSuffix(evidence, rung))
    return [excluded(line('observed', 'denied', { suffixes: answered.map(suffixOf) }))]
  },
}

function judgeSuffix({ facts, asked }: Evidence, rung: Rung): Judgement {
  const suffix = suffixOf(rung)
  const nodes = facts.nodes.filter(({ resolvConf }) => resolvConf?.conf.searches.includes(suffix))
  const [first] = nodes
  const records = rung.observed.kind === 'response' ? rung.observed.records : []
  const isHit = asked?.searched.some((search) => search === `${suffix}.`) === true
  return {
    status: 'proven',
    subject: { kind: 'name', name: suffix },
    objects: nodes
      .slice(0, 3)
      .map(({ name, resolvConf }) => ({ kind: 'File', namespace: '', name: `${name}:${resolvConf?.path ?? ''}` })),
    values: { suffix, records },
    evidence: [
      line('observed', 'answered', {
        name: rung.question.kind === 'dns' ? rung.question.name.replace(/\.$/, '') : '',
        records,
        server: rung.hop.name,
      }),
      line('observed', 'inherited', {
        suffix,
        nodes: nodes.map(({ name }) => name),
        path: first?.resolvConf?.path ?? '',
      }),
    ],
    fix: {
      key: 'wildcard-search-domain',
      values: { suffix },
      command: nodes
        .slice(0, 3)
        .map(
          ({ name, resolvConf }) =>
            `ssh -t ${shellQuote(name)} sudo vi ${shellQuote(resolvConf?.path ?? '/etc/resolv.conf')}`,
        )
        .join('\n'),
    },
    // A name of the world outside that is looked for below the suffix first never gets there.
    isFault: asked !== undefined && isHit && !asked.inCluster,
    explains: isHit ? [ASKED_NAME] : [],
  }
}

function isMadeUp({ purpose, question }: Rung): boolean {
  return purpose === 'suffix' && question.kind === 'dns' && question.name.startsWith(`${MADE_UP}.`)
}

/** The made-up name without its first label, and without the final dot. */
function suffixOf({ question }: Rung): string {
  return question.kind === 'dns' ? labelsOf(question.name).slice(1).join('.') : ''
}
