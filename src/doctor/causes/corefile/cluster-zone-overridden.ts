// Names of the cluster are answered by something else than the kubernetes plugin: a more specific server block, or a
// template, hosts or rewrite that stands before it.
import { answeringPlugins, clusterZoneOf, matchBlock } from '../../../route/index.ts'
import type { MatchedBlock, PluginStep } from '../../../route/index.ts'
import type { CorefileFact } from '../../facts/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import { shownName } from '../records/asked-service.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { corefileRef, corefileSubject, editCorefile, isClusterQuestion, passesReplicas } from '../coredns-support.ts'
import { excluded, notChecked } from '../support.ts'

export const clusterZoneOverridden: Cause = {
  code: 'cluster-zone-overridden',
  needs: ['config-maps'],
  judge: (evidence) => [judge(evidence)],
}

/** What the Corefile does with a name of the cluster instead of asking kubernetes. */
interface Override {
  readonly name: string
  /** Undefined: no block takes the name, or its chain has nobody for it. */
  readonly step: PluginStep | undefined
  readonly zone: string
  readonly line: number
  readonly rungs: readonly Rung[]
}

/** Plugins that take the very names that they list: to pass on what they do not have changes nothing. */
const NAMING: ReadonlySet<string> = new Set(['hosts', 'rewrite'])

function judge(evidence: Evidence): Judgement {
  const { facts, ladder, asked } = evidence
  const { corefile } = facts.dns
  if (corefile === undefined) return notChecked('not-checked.no-corefile')
  const subject = corefileSubject(corefile)
  if (corefile.error !== undefined) return notChecked('not-checked.corefile-unreadable', { map: subject.name }, subject)
  if (clusterZoneOf(corefile.blocks) === undefined) return notChecked('not-checked.no-cluster-zone', {}, subject)
  const overrides = questionsOf(ladder.rungs).flatMap((rungs) => overrideOf(corefile, rungs))
  const failing = overrides.find(({ rungs }) => rungs.some(({ result }) => result === 'failed'))
  const shown = failing ?? overrides[0]
  if (shown === undefined) return excluded(line('computed', 'kubernetes-answers', { map: subject.name }), subject)
  const failed = shown.rungs.filter(({ result }) => result === 'failed')
  const answer = failed.find(({ observed }) => observed.kind === 'response')
  const isAsked = asked !== undefined && failed.some(({ purpose }) => purpose === 'asked')
  const plugin = shown.step?.plugin ?? ''
  const values = { name: shownName(shown.name), map: subject.name, line: shown.line, zone: shown.zone }
  const finding = {
    subject,
    objects: [corefileRef(corefile, shown.line)],
    values,
    evidence: [
      shown.step === undefined
        ? line('computed', 'block-without-kubernetes', values)
        : line('computed', 'plugin-answers', { ...values, plugin, text: shown.step.text }),
      ...(answer === undefined
        ? []
        : [
            line('observed', 'answers-otherwise', {
              server: answer.hop.name,
              name: values.name,
              answer: answerOf(answer),
            }),
          ]),
      ...(shown.zone === '.' ? [] : [line('computed', 'more-specific', values)]),
      line('computed', 'expected', { name: values.name }),
    ],
    fix: {
      key: NAMING.has(plugin) ? 'cluster-zone-overridden.own-line' : 'cluster-zone-overridden',
      values,
      command: editCorefile(corefile),
    },
    isFault: false,
    explains: [...failed.map(({ id }) => id), ...(isAsked ? [ASKED_NAME] : [])],
  }
  // What a hosts file in the container or a zone file holds is not known: it may have the name or pass it on.
  const isCertain = shown.step === undefined || shown.step.effect !== 'answers-or-passes'
  if (isCertain) return { status: 'proven', ...finding }
  return { status: 'suspected', ...finding, missing: [phrase('cluster-zone-overridden.missing-data', { plugin })] }
}

/** Rungs about names of the cluster at servers of the cluster, by name and type. */
function questionsOf(rungs: readonly Rung[]): Rung[][] {
  const groups = new Map<string, Rung[]>()
  for (const rung of rungs) {
    const { question, expected } = rung
    const isOwn = passesReplicas(rung) && isClusterQuestion(rung) && rung.result !== 'skipped'
    if (question.kind !== 'dns' || !isOwn || expected.kind !== 'records') continue
    const key = `${question.name} ${question.type}`
    groups.set(key, [...(groups.get(key) ?? []), rung])
  }
  return [...groups.values()]
}

function overrideOf({ blocks }: CorefileFact, rungs: readonly Rung[]): Override[] {
  const question = rungs[0]?.question
  if (question?.kind !== 'dns') return []
  const matched = matchBlock(blocks, question.name)
  if (matched === undefined) return []
  const { steps } = answeringPlugins(matched.block, question)
  const [first] = steps
  if (first?.plugin === 'kubernetes') return []
  // The autopath and k8s_external plugins use the kubernetes plugin's data; a rewrite may lead to the same records.
  const isPassedOn = first?.effect === 'answers-or-passes' && !rungs.some(({ result }) => result === 'failed')
  if (isPassedOn) return []
  const at = first?.at.line ?? lineOf(matched)
  return [{ name: question.name, step: first, zone: matched.zone, line: at, rungs }]
}

function lineOf({ block }: MatchedBlock): number {
  return block.keys[0]?.line ?? 1
}

function answerOf({ observed }: Rung): string {
  return observed.kind === 'response' ? [observed.rcode, ...observed.records].join(' ') : ''
}
