// The Corefile was edited and nobody reads it: no reload plugin, or a mount that never changes.
import { answeringPlugins, matchBlock } from '../../../route/index.ts'
import type { CorefileFact, DnsReplica } from '../../facts/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import {
  corefileRef,
  corefileSubject,
  deploymentFor,
  isClusterQuestion,
  passesReplicas,
  replicaName,
} from '../coredns-support.ts'
import { excluded, failedIds, notChecked, podRef } from '../support.ts'

/** Longest time that kubelet's volume update and the reload plugin need together, with its default 30 s and jitter. */
const SETTLED_S = 150

export const corefileNotReloaded: Cause = {
  code: 'corefile-not-reloaded',
  needs: ['config-maps', 'pods'],
  judge: (evidence) => [judge(evidence)],
}

function judge({ facts, ladder, asked }: Evidence): Judgement {
  const { corefile, replicas } = facts.dns
  if (corefile === undefined) return notChecked('not-checked.no-corefile')
  const subject = corefileSubject(corefile)
  const map = facts.objects.configMaps.find(
    ({ meta }) => meta.namespace === corefile.configMap.namespace && meta.name === corefile.configMap.name,
  )
  const changed = map?.meta.lastChange
  if (changed === undefined) return notChecked('not-checked.no-change-time', { map: subject.name }, subject)
  const older = replicas.filter(({ pod }) => Date.parse(pod.startTime ?? '') < Date.parse(changed))
  if (older.length === 0) return excluded(line('observed', 'started-later', { map: subject.name, changed }), subject)
  const frozen = older.filter((replica) => isFrozen(replica, corefile))
  if (hasReload(corefile) && frozen.length === 0) {
    const ageS = Math.round((Date.parse(facts.collectedAt) - Date.parse(changed)) / 1000)
    const key = ageS >= 0 && ageS < SETTLED_S ? 'reload-soon' : 'has-reload'
    return excluded(line('stated', key, { map: subject.name, seconds: ageS }), subject)
  }
  const behind = hasReload(corefile) ? frozen : older
  const names = new Set(behind.map(replicaName))
  const explains = failedIds(ladder, (rung) => answersOtherwise(rung, corefile) && isBehind(rung, names))
  const { namespace, name } = deploymentFor(facts)
  const pods = behind.map(({ pod }) => pod.meta.name)
  return {
    status: 'proven',
    subject,
    objects: [corefileRef(corefile), ...behind.map(({ pod }) => podRef(pod, 'status.startTime'))],
    values: { map: subject.name, pods },
    evidence: [
      frozen.length > 0 && hasReload(corefile)
        ? line('stated', 'sub-path', { map: subject.name })
        : line('stated', 'no-reload', { map: subject.name }),
      line('observed', 'older', { pods, started: behind[0]?.pod.startTime ?? '', changed }),
      ...(explains.length === 0 ? [] : [line('observed', 'otherwise', { count: explains.length })]),
    ],
    fix: {
      key: 'corefile-not-reloaded',
      values: {},
      command: `kubectl -n ${namespace} rollout restart deployment/${name}`,
    },
    isFault: false,
    explains: [
      ...explains,
      ...(asked !== undefined && explains.some((id) => id.includes('/asked/')) ? [ASKED_NAME] : []),
    ],
  }
}

function hasReload({ blocks }: CorefileFact): boolean {
  return blocks.some(({ directives }) => directives.some(({ name }) => name === 'reload'))
}

/** A file mounted with subPath is never updated (Kubernetes documentation, ConfigMaps). */
function isFrozen({ pod }: DnsReplica, { configMap }: CorefileFact): boolean {
  return pod.spec.configMaps.some(({ name, subPath }) => subPath && name === configMap.name)
}

/** It answered, and not what the Corefile that lies there says: names that this Corefile merely forwards tell nothing. */
function answersOtherwise(rung: Rung, { blocks }: CorefileFact): boolean {
  const { observed, question, purpose } = rung
  if (observed.kind !== 'response' || question.kind !== 'dns') return false
  if (isClusterQuestion(rung) || purpose === 'stub') return true
  if (purpose !== 'asked') return false
  const matched = matchBlock(blocks, question.name)
  const last = matched && answeringPlugins(matched.block, question).steps.at(-1)
  return matched !== undefined && (matched.zone !== '.' || last?.forward?.from !== '.')
}

function isBehind(rung: Rung, names: ReadonlySet<string>): boolean {
  return rung.hop.kind === 'replica' ? names.has(rung.hop.name) : passesReplicas(rung)
}
