// A pod that nothing can be asked from: why, and which one would do instead.
import { PROGRAM_NAME } from '../base/index.ts'
import type { Language } from '../doctor/report/index.ts'
import { translateReason } from '../doctor/report/translate-reason.ts'
import type { ClusterEvent, Pod } from '../kube/objects/index.ts'
import { whyNotEntered } from '../vantage/index.ts'
import type { Skipped } from '../vantage/index.ts'
import type { Io } from './command.ts'

/**
 * Why nothing can be asked from a pod that waits or has ended, and from where instead; undefined for one that has a place.
 *
 * @param pods where another one is looked for
 * @param events where the reason is looked for that a node has for not starting it
 */
export function withoutPlace(pod: Pod, { pods, events }: Seen): Skipped | undefined {
  const why = whyNotEntered(pod, events)
  return why === undefined ? undefined : { kind: 'skipped', why, needs: insteadOf(pod, pods) }
}

interface Seen {
  readonly pods: readonly Pod[]
  readonly events: readonly ClusterEvent[]
}

/** Says it on standard error, before anything else is said. */
export function sayWithoutPlace({ why, needs = '' }: Skipped, io: Io, language: Language = 'en'): void {
  const [reason, other] = [why, needs].map((text) => translateReason(text, language))
  const line =
    language === 'zh'
      ? `无法从那里查询：${reason}；请改从${other}查询`
      : `cannot ask from there: ${reason}; ask from ${other} instead`
  io.stderr.write(`${PROGRAM_NAME}: ${line}\n`)
}

function insteadOf({ meta, spec }: Pod, pods: readonly Pod[]): string {
  const fit = pods.filter((pod) => pod.phase === 'Running' && !pod.spec.hostNetwork && pod.podIPs.length > 0)
  const near = fit.filter((pod) => pod.meta.namespace === meta.namespace)
  const sibling = near.find((pod) => spec.nodeName !== '' && pod.spec.nodeName === spec.nodeName) ?? near[0]
  if (sibling !== undefined) return `another pod of namespace ${meta.namespace}, such as ${nameOf(sibling)}`
  const neighbor = fit.find((pod) => pod.spec.nodeName === spec.nodeName)
  if (neighbor !== undefined) return `another pod of node ${spec.nodeName}, such as ${nameOf(neighbor)}`
  return `a pod that runs, or the node itself: ${spec.nodeName === '' ? 'node/NODE' : `node/${spec.nodeName}`}`
}

function nameOf({ meta }: Pod): string {
  return `${meta.namespace}/${meta.name}`
}
