// Everybody answers right, and the program was started before the answer changed: it may still use what it learned then.
import type { Pod, Service } from '../../../kube/objects/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement, Subject } from '../judgement.ts'
import { workloadOfGroup } from '../pod-dns/workload-patch.ts'
import { findService, isHeadless, judgeAskedService, slicesOf } from '../records/asked-service.ts'
import type { AskedService } from '../records/asked-service.ts'
import { askedRungs, excluded, notChecked, objectRef, podRef, qualifiedName } from '../support.ts'

export const applicationCachesAddress: Cause = {
  code: 'application-caches-address',
  needs: ['asked-name', 'pods', 'services', 'endpoint-slices', 'probes'],
  judge: (evidence) =>
    evidence.pods.length === 0
      ? [notChecked('not-checked.no-pod')]
      : evidence.pods.map((pod) => judgeAskedService(evidence, (asked) => judgePod(evidence, asked, pod))),
}

function judgePod(evidence: Evidence, { name, namespace, service: serviceName }: AskedService, pod: Pod): Judgement {
  const subject: Subject = { kind: 'pod', name: qualifiedName(pod) }
  const rungs = askedRungs(evidence.ladder).filter(({ purpose }) => purpose === 'asked')
  if (rungs.length === 0) return notChecked('not-checked.name-not-asked', { name }, subject)
  const wrong = rungs.find(({ result }) => result === 'failed')
  if (wrong !== undefined) return excluded(line('observed', 'not-right', { server: wrong.hop.name, name }), subject)
  const service = findService(evidence.facts, namespace, serviceName)
  if (service === undefined)
    return excluded(line('observed', 'no-service', { service: `${namespace}/${serviceName}` }), subject)
  const change = lastChange(evidence, service)
  if (change === undefined || pod.startTime === undefined) {
    return notChecked('not-checked.no-times', { service: qualifiedName(service), pod: qualifiedName(pod) }, subject)
  }
  const times = { pod: qualifiedName(pod), service: qualifiedName(service), started: pod.startTime, changed: change.at }
  if (Date.parse(pod.startTime) > Date.parse(change.at)) return excluded(line('observed', 'younger', times), subject)
  const restarts = pod.containerStatuses.filter(({ restartCount }) => restartCount > 0)
  const servers = [...new Set(rungs.map(({ hop }) => hop.name))]
  const { namespace: where, workload } = workloadOfGroup({ owner: '', pods: [pod] })
  const finding = {
    subject,
    objects: [podRef(pod, 'status.startTime'), objectRef('Service', times.service)],
    values: { pod: times.pod, name, service: times.service },
    evidence: [
      line('observed', 'right', { servers, name }),
      line('observed', 'started', times),
      line('observed', change.of, times),
    ],
    fix: {
      key: 'application-caches-address',
      values: { pod: times.pod },
      command: workload.startsWith('pod/')
        ? `kubectl -n ${where} delete ${workload}   # whoever made it makes it again`
        : `kubectl -n ${where} rollout restart ${workload}`,
    },
    // What the program uses nobody but itself knows: it is said, and never the verdict.
    isFault: false,
    explains: [],
  }
  if (restarts.length === 0) return { status: 'proven', ...finding }
  const missing = phrase('application-caches-address.missing-start', { pod: times.pod })
  return { status: 'suspected', ...finding, missing: [missing] }
}

interface Change {
  /** RFC 3339. */
  readonly at: string
  /** Key of the line that tells it. */
  readonly of: 'changed' | 'endpoints-changed' | 'made'
}

/** When the Service's addresses changed last; undefined where no object tells. */
function lastChange({ facts }: Evidence, service: Service): Change | undefined {
  const { creationTimestamp, lastChange: written } = service.meta
  if (service.type === 'ExternalName') {
    const at = written ?? creationTimestamp
    return at === undefined ? undefined : { at, of: 'changed' }
  }
  // A ClusterIP cannot be changed: another one means another Service.
  if (!isHeadless(service)) return creationTimestamp === undefined ? undefined : { at: creationTimestamp, of: 'made' }
  const times = slicesOf(facts, service).flatMap(({ meta }) => meta.lastChange ?? meta.creationTimestamp ?? [])
  const at = times.toSorted((a, b) => Date.parse(b) - Date.parse(a))[0]
  return at === undefined ? undefined : { at, of: 'endpoints-changed' }
}
