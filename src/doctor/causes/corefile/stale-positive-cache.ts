// A cache still gives an address that is gone.
import { optionsNamed, readStatements } from '../../../route/index.ts'
import type { ClusterFacts, CorefileFact } from '../../facts/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement, ObjectRef, Subject } from '../judgement.ts'
import { shownName } from '../records/asked-service.ts'
import type { Cause, Evidence } from '../cause.ts'
import { corefileRef, countsDown, passesReplicas } from '../coredns-support.ts'
import { excluded, notChecked, objectRef } from '../support.ts'

export const stalePositiveCache: Cause = {
  code: 'stale-positive-cache',
  needs: ['asked-name', 'probes', 'endpoint-slices', 'services'],
  judge: (evidence) => [judge(evidence)],
}

/** An answer with an address that no object gives. */
interface Stale {
  readonly rung: Rung
  readonly addresses: readonly string[]
  readonly ttl: number | undefined
  /** What a fresh answer carries. */
  readonly fresh: number | undefined
}

function judge(evidence: Evidence): Judgement {
  const { facts, ladder, asked } = evidence
  const name = shownName(asked?.name ?? '')
  const subject: Subject = { kind: 'name', name }
  const rungs = ladder.rungs.filter(
    (rung) => rung.purpose === 'asked' && rung.result !== 'skipped' && passesReplicas(rung),
  )
  if (rungs.length === 0) return notChecked('not-checked.name-not-asked', { name }, subject)
  const stale = findStale(facts, rungs)
  const counting = stale.filter(({ rung }) => countsDown(ladder, rung, ttlOf))
  const aged = stale.filter((one) => isBelowFresh(one) || counting.includes(one))
  const [first] = (aged.length > 0 ? aged : stale).toSorted((a, b) => (b.ttl ?? 0) - (a.ttl ?? 0))
  if (first === undefined) return excluded(line('observed', 'all-known', { name }), subject)
  const right = rungs.find(({ hop, result }) => result === 'ok' && hop.kind === 'replica')
  const serveStale = serveStaleOf(facts)
  const { ttl = 0, fresh = 0 } = first
  const server = first.rung.hop.name
  const finding = {
    subject,
    objects: [objectRef('Pod', server), ...serveStale.map(({ ref }) => ref)],
    values: { name, server, addresses: first.addresses },
    evidence: [
      line('observed', 'gone', { server, name, addresses: first.addresses }),
      ...(isBelowFresh(first) ? [line('observed', 'aged', { server, ttl, fresh })] : []),
      ...(counting.includes(first) && !isBelowFresh(first) ? [line('observed', 'counts-down', { server, ttl })] : []),
      ...(right === undefined ? [] : [line('observed', 'right', { server: right.hop.name, name })]),
      ...serveStale.map(({ map, at }) => line('stated', 'serve-stale', { map, line: at })),
    ],
    fix: {
      key: serveStale.length > 0 ? 'stale-positive-cache.serve-stale' : 'stale-positive-cache',
      values: { seconds: ttl },
      command:
        serveStale.length > 0
          ? `kubectl -n ${serveStale[0]?.ref.namespace ?? 'kube-system'} edit configmap ${serveStale[0]?.ref.name ?? 'coredns'}   # the cluster zone: no serve_stale`
          : `dig +noall +answer ${name}${facts.dns.service === undefined ? '' : ` @${facts.dns.service.clusterIPs[0] ?? ''}`}   # again, in ${Math.max(ttl, 1)} s`,
    },
    isFault: false,
    explains: [ASKED_NAME, ...stale.map(({ rung }) => rung.id)],
  }
  if (aged.length > 0) return { status: 'proven', ...finding }
  return { status: 'suspected', ...finding, missing: [phrase('stale-positive-cache.missing-ttl', { server })] }
}

function isBelowFresh({ ttl, fresh }: Stale): boolean {
  return ttl !== undefined && fresh !== undefined && ttl < fresh
}

function ttlOf({ observed }: Rung): number {
  return observed.kind === 'response' ? (observed.ttl ?? 0) : 0
}

function findStale({ objects }: ClusterFacts, rungs: readonly Rung[]): Stale[] {
  const found = rungs.flatMap((rung): Stale[] => {
    const { observed, expected, result } = rung
    if (result !== 'failed' || observed.kind !== 'response' || expected.kind !== 'records') return []
    const addresses = observed.records.filter((record) => isAddress(record) && !expected.records.includes(record))
    return addresses.length === 0 ? [] : [{ rung, addresses, ttl: observed.ttl, fresh: expected.ttl }]
  })
  if (found.length === 0) return []
  const known = new Set([
    ...objects.services.flatMap(({ clusterIPs }) => clusterIPs),
    ...objects.endpointSlices.flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses)),
  ])
  return found.flatMap((stale) => {
    const addresses = stale.addresses.filter((address) => !known.has(address))
    return addresses.length === 0 ? [] : [{ ...stale, addresses }]
  })
}

function isAddress(record: string): boolean {
  return /^[\d.]+$/.test(record) || /^[\da-f:.]*:[\da-f:.]+$/i.test(record)
}

/** Where a Corefile of the cluster lets its cache answer from what has expired. */
function serveStaleOf({ dns }: ClusterFacts): { readonly ref: ObjectRef; readonly map: string; readonly at: number }[] {
  const corefiles = [dns.corefile, ...dns.nodeCaches.map(({ corefile }) => corefile)]
  return corefiles.flatMap((corefile) => (corefile === undefined ? [] : staleLines(corefile)))
}

function staleLines(corefile: CorefileFact): { readonly ref: ObjectRef; readonly map: string; readonly at: number }[] {
  const { namespace, name } = corefile.configMap
  return corefile.blocks
    .flatMap(({ directives }) => directives)
    .filter((directive) => directive.name === 'cache')
    .flatMap((directive) => readStatements(directive))
    .flatMap((statement) => optionsNamed(statement, 'serve_stale'))
    .map(({ at }) => ({ ref: corefileRef(corefile, at.line), map: `${namespace}/${name}`, at: at.line }))
    .slice(0, 1)
}
