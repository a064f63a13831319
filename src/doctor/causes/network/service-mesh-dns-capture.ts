// Istio's proxy answers the pod's DNS queries itself, and differently from CoreDNS.
import type { Pod } from '../../../kube/objects/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { askedRungs, excluded, notChecked, podRef, qualifiedName } from '../support.ts'

const CAPTURE = 'ISTIO_META_DNS_CAPTURE'
/** Addresses that Istio gives to names without one of their own (240.240.0.0/16, 2001:2::/48). */
const MADE_UP = /^(240\.240\.|2001:2:)/

export const serviceMeshDnsCapture: Cause = {
  code: 'service-mesh-dns-capture',
  needs: ['pods'],
  judge(evidence) {
    const { facts, pods } = evidence
    const asked = pods.length > 0 ? pods : facts.objects.pods
    const captured = asked.filter((pod) => howCaptured(evidence, pod) !== undefined)
    if (captured.length === 0) return [excluded(line('observed', 'no-capture', { count: asked.length }))]
    if (pods.length === 0) return [notChecked('not-checked.captured-pods', { count: captured.length })]
    return captured.map((pod) => judgePod(evidence, pod))
  },
}

function judgePod(evidence: Evidence, pod: Pod): Judgement {
  const { ladder, asked } = evidence
  const name = qualifiedName(pod)
  const subject = { kind: 'pod', name } as const
  const own = askedRungs(ladder).filter(
    ({ from, question }) => question.kind === 'dns' && from.kind === 'pod' && `${from.namespace}/${from.name}` === name,
  )
  const odd = own.filter((rung) => rung.observed.kind === 'response' && (rung.result === 'failed' || isMadeUp(rung)))
  // The same question from elsewhere: CoreDNS itself is right.
  const right = odd.flatMap((rung) => {
    const other = askedRungs(ladder).find(
      (one) =>
        one.from.kind !== 'pod' && one.result === 'ok' && one.hop.kind === 'replica' && isSameQuestion(one, rung),
    )
    return other === undefined ? [] : [{ rung, other }]
  })
  const [pair] = right
  if (pair === undefined && own.length > 0 && odd.length === 0) {
    return excluded(line('observed', 'same-answers', { pod: name, count: own.length }), subject)
  }
  const finding = {
    subject,
    objects: [podRef(pod, `env ${CAPTURE}`)],
    values: { pod: name, how: howCaptured(evidence, pod) ?? '' },
    ...(pair === undefined ? { summary: 'only-captured' } : {}),
    evidence: [
      line('stated', 'captured', { pod: name, how: howCaptured(evidence, pod) ?? '' }),
      ...right.slice(0, 2).map(({ rung, other }) =>
        line('observed', 'differs', {
          pod: name,
          question: questionOf(rung),
          answer: answerOf(rung),
          server: other.hop.name,
          right: answerOf(other),
        }),
      ),
    ],
    fix: {
      key: 'service-mesh-dns-capture',
      values: { pod: name },
      command: [
        `kubectl -n ${pod.meta.namespace} annotate pod ${pod.meta.name} --dry-run=server 'proxy.istio.io/config={"proxyMetadata":{"${CAPTURE}":"false"}}'   # set it in the workload's template`,
        `istioctl proxy-config listener ${pod.meta.name}.${pod.meta.namespace} --port 15053`,
      ].join('\n'),
    },
    isFault: pair !== undefined,
    explains: [
      ...(asked !== undefined && right.some(({ rung }) => rung.purpose === 'asked') ? [ASKED_NAME] : []),
      ...right.filter(({ rung }) => rung.result === 'failed').map(({ rung }) => rung.id),
    ],
  }
  return pair === undefined
    ? { status: 'suspected', ...finding, missing: [phrase('service-mesh-dns-capture.missing-answer', { pod: name })] }
    : { status: 'proven', ...finding }
}

/** The setting that makes a proxy answer; undefined where there is none. */
function howCaptured({ facts }: Evidence, { meta, spec }: Pod): string | undefined {
  const variable = spec.containers.find(({ env }) => env[CAPTURE] === 'true')
  if (variable !== undefined) return `${variable.name}: ${CAPTURE}=true`
  const config = meta.annotations['proxy.istio.io/config'] ?? ''
  if (new RegExp(`${CAPTURE}["':\\s]+true`).test(config)) return 'proxy.istio.io/config'
  const namespace = facts.objects.namespaces.find((one) => one.meta.name === meta.namespace)
  const mode = meta.labels['istio.io/dataplane-mode'] ?? namespace?.meta.labels['istio.io/dataplane-mode']
  return mode === 'ambient' && !spec.hostNetwork ? 'istio.io/dataplane-mode=ambient' : undefined
}

function isMadeUp({ observed }: Rung): boolean {
  return observed.kind === 'response' && observed.records.some((record) => MADE_UP.test(record))
}

function isSameQuestion({ question: a }: Rung, { question: b }: Rung): boolean {
  return a.kind === 'dns' && b.kind === 'dns' && a.name === b.name && a.type === b.type
}

function questionOf({ question }: Rung): string {
  return question.kind === 'dns' ? `${question.name} ${question.type}` : ''
}

function answerOf({ observed }: Rung): string {
  if (observed.kind !== 'response') return observed.kind
  return observed.records.length === 0 ? observed.rcode : observed.records.slice(0, 3).join(' ')
}
