// Node.js resolves names on a few threads: a lookup that waits for something silent holds one of them all that time.
import type { Container, Pod } from '../../../kube/objects/index.ts'
import { simulateLookup } from '../../../route/index.ts'
import type { LookupRun } from '../../../route/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement, Subject } from '../judgement.ts'
import { workloadOfGroup } from '../pod-dns/workload-patch.ts'
import { shownName } from '../records/asked-service.ts'
import { askedRungs, excluded, notChecked, podRef, qualifiedName, seconds } from '../support.ts'
import { clientLibraryOf } from './client-library.ts'
import { observedWorld, resolvConfOf } from './observed-world.ts'

/** libuv's own. */
const DEFAULT_THREADS = 4
/** A lookup that takes longer waited for something. */
const SLOW_MS = 1000

export const nodejsThreadpoolExhausted: Cause = {
  code: 'nodejs-threadpool-exhausted',
  needs: ['pods', 'probes'],
  judge: (evidence) =>
    evidence.pods.length === 0
      ? [notChecked('not-checked.no-pod')]
      : evidence.pods.map((pod) => judgePod(evidence, pod)),
}

function judgePod(evidence: Evidence, pod: Pod): Judgement {
  const name = qualifiedName(pod)
  const subject: Subject = { kind: 'pod', name }
  const container = pod.spec.containers.find(runsNode)
  if (container === undefined) return excluded(line('stated', 'no-node', { pod: name }), subject)
  const looked = lookUp(evidence, pod)
  if (looked === undefined) return notChecked('not-checked.no-probes', {}, subject)
  const { run, given, rungs, resolver } = looked
  const quick = quickest(evidence, given)
  const values = { pod: name, name: given, seconds: seconds(run.tookMs), resolver }
  if (run.tookMs < SLOW_MS || quick === undefined) return excluded(line('computed', 'quick', values), subject)
  const waiting = run.queries.find(({ act }) => act === 'silent')
  const threads = Number(container.env['UV_THREADPOOL_SIZE'] ?? DEFAULT_THREADS)
  const perMinute = Math.floor((threads * 60_000) / run.tookMs)
  const { namespace, workload } = workloadOfGroup({ owner: '', pods: [pod] })
  return {
    status: 'suspected',
    subject,
    objects: [podRef(pod, 'spec.containers[].env')],
    values: { ...values, perMinute },
    evidence: [
      line('observed', 'server-quick', { server: quick.hop.name, name: given, ms: Math.ceil(quick.rttMs ?? 0) }),
      line('computed', 'client-slow', values),
      ...(waiting === undefined
        ? []
        : [line('observed', 'waits', { name: shownName(waiting.name), nameserver: waiting.nameserver })]),
      container.env['UV_THREADPOOL_SIZE'] === undefined
        ? line('assumed', 'default-threads', { threads, perMinute })
        : line('stated', 'threads', { threads, perMinute }),
      line('stated', 'runs-node', { pod: name, image: container.image }),
    ],
    missing: [phrase('nodejs-threadpool-exhausted.missing-time', { pod: name })],
    fix: {
      key: 'nodejs-threadpool-exhausted',
      values: { pod: name },
      command: `kubectl -n ${namespace} set env ${workload} UV_THREADPOOL_SIZE=64`,
    },
    isFault: false,
    explains: rungs.filter(({ result }) => result === 'failed').map(({ id }) => id),
  }
}

interface LookedUp {
  readonly run: LookupRun
  /** As the program gives it. */
  readonly given: string
  readonly resolver: string
  /** The silent rungs that the lookup waits for. */
  readonly rungs: readonly Rung[]
}

/** A lookup of the asked name, else of the external one, as the pod's C library does it; undefined where none was asked. */
function lookUp(evidence: Evidence, pod: Pod): LookedUp | undefined {
  const external = askedRungs(evidence.ladder).find(({ purpose }) => purpose === 'external')?.question
  const given = evidence.asked?.given ?? (external?.kind === 'dns' ? shownName(external.name) : undefined)
  if (given === undefined) return undefined
  const resolver = clientLibraryOf(evidence.ladder, pod)?.resolver ?? 'glibc'
  const { world, rungOf } = observedWorld(evidence, pod)
  const run = simulateLookup({ resolver, conf: resolvConfOf(evidence, pod), name: given }, world)
  const silent = run.queries.filter(({ act }) => act === 'silent').flatMap((query) => rungOf(query) ?? [])
  return { run, given, resolver, rungs: [...new Set(silent)] }
}

/** The quickest answer about the name that any server of the cluster gave. */
function quickest({ ladder }: Evidence, given: string): Rung | undefined {
  return askedRungs(ladder)
    .filter(({ question, observed, rttMs, hop }) => {
      const isName = question.kind === 'dns' && shownName(question.name).startsWith(given.replace(/\.$/, ''))
      // A denial is as quick as an answer.
      const isAnswer = observed.kind === 'response' && ['NOERROR', 'NXDOMAIN'].includes(observed.rcode)
      return isName && isAnswer && hop.kind !== 'upstream' && rttMs !== undefined && rttMs < SLOW_MS
    })
    .toSorted((a, b) => (a.rttMs ?? 0) - (b.rttMs ?? 0))[0]
}

/** Whether a container runs Node.js, by what it is made of. */
function runsNode({ image, command, args, env }: Container): boolean {
  if (/(?:^|\/)node(?=$|[@:])/.test(image)) return true
  if (env['NODE_OPTIONS'] !== undefined || env['UV_THREADPOOL_SIZE'] !== undefined) return true
  const [program = ''] = [...command, ...args]
  return /(?:^|\/)(?:node|npm|npx|yarn|pnpm)$/.test(program)
}
