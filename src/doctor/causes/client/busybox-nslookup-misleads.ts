// busybox's nslookup reads resolv.conf its own way: what it prints is not what the programs beside it get.
import type { Pod } from '../../../kube/objects/index.ts'
import { simulateLookup } from '../../../route/index.ts'
import type { LookupOutcome, ResolverName } from '../../../route/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, notChecked, podRef, qualifiedName, shellQuote } from '../support.ts'
import { clientLibraryOf } from './client-library.ts'
import { observedWorld, resolvConfOf } from './observed-world.ts'

export const busyboxNslookupMisleads: Cause = {
  code: 'busybox-nslookup-misleads',
  needs: ['asked-name', 'pods', 'probes'],
  judge: (evidence) =>
    evidence.pods.length === 0
      ? [notChecked('not-checked.no-pod')]
      : evidence.pods.map((pod) => judgePod(evidence, pod)),
}

function judgePod(evidence: Evidence, pod: Pod): Judgement {
  const given = evidence.asked?.given ?? ''
  const name = qualifiedName(pod)
  const image = pod.spec.containers.map((container) => container.image).find(hasBusybox)
  const library = clientLibraryOf(evidence.ladder, pod)
  if (image === undefined && library?.alpine === undefined) return excluded(line('stated', 'no-busybox', { pod: name }))
  const conf = resolvConfOf(evidence, pod)
  const { world } = observedWorld(evidence, pod)
  const resolver = library?.resolver ?? 'glibc'
  const outcomeOf = (of: ResolverName): LookupOutcome =>
    simulateLookup({ resolver: of, conf, name: given, families: [4] }, world).outcome
  const [tool, programs] = [outcomeOf('busybox'), outcomeOf(resolver)]
  if ((tool.kind === 'found') === (programs.kind === 'found')) {
    return excluded(line('computed', tool.kind === 'found' ? 'both-find' : 'neither-finds', { name: given }))
  }
  const isToolFailing = programs.kind === 'found'
  const values = { pod: name, name: given }
  return {
    status: 'suspected',
    subject: { kind: 'name', name: given },
    objects: [podRef(pod, 'spec.containers[].image')],
    values,
    ...(isToolFailing ? {} : { summary: 'finds-more' }),
    evidence: [
      line('computed', isToolFailing ? 'programs-find' : 'programs-do-not', { ...values, resolver }),
      line('computed', isToolFailing ? 'tool-does-not' : 'tool-finds', { ...values, ndots: ndotsText(conf.options) }),
      line('stated', 'has-busybox', { pod: name, image: image ?? library?.from ?? '' }),
    ],
    missing: [phrase('busybox-nslookup-misleads.missing-run', values)],
    fix: {
      key: 'busybox-nslookup-misleads',
      values,
      command: `kubectl -n ${pod.meta.namespace} exec ${pod.meta.name} -- ping -c 1 ${shellQuote(given)}   # getaddrinfo, as programs ask`,
    },
    isFault: false,
    explains: [],
  }
}

/** Images that hold the busybox program as their nslookup. */
function hasBusybox(image: string): boolean {
  return /(?:^|[/:-])(?:busybox|alpine)(?=$|[@:.\d-])/.test(image)
}

function ndotsText(options: readonly string[]): string {
  return options.findLast((option) => option.startsWith('ndots:')) ?? 'ndots:1'
}
