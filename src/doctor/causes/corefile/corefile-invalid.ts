// The Corefile has an error: servers that run keep the old one, a server that starts ends at once.
import type { CorefileFact, CorefileProblem } from '../../facts/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Ladder } from '../../ladder/index.ts'
import { REMOVED_DIRECTIVES } from '../../../corefile/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import {
  corefileRef,
  corefileSubject,
  editCorefile,
  isCrashing,
  logEvidence,
  rungsWithout,
  signsOfReplicas,
} from '../coredns-support.ts'
import type { LogSighting } from '../coredns-support.ts'
import { excluded, findScrape, notChecked, podRef, qualifiedName } from '../support.ts'
import { counterGrowth, sumSamples } from '../../ladder/index.ts'

export const corefileInvalid: Cause = {
  code: 'corefile-invalid',
  needs: ['config-maps'],
  judge: (evidence) => [judge(evidence)],
}

function judge({ facts, ladder }: Evidence): Judgement {
  const { corefile, replicas } = facts.dns
  if (corefile === undefined) return notChecked('not-checked.no-corefile')
  const subject = corefileSubject(corefile)
  const problems = problemsOf(corefile)
  const [problem] = problems
  if (problem === undefined) return excluded(line('computed', 'valid', { map: subject.name }), subject)
  const refused = refusals(ladder)
  const down = replicas.filter((replica) => isCrashing(replica) && !replica.ready)
  const running = replicas.filter(({ ready }) => ready)
  const counters = running.flatMap(({ pod }) => {
    const failed = failedReloads(ladder, qualifiedName(pod))
    return failed > 0 ? [line('observed', 'counter', { server: qualifiedName(pod), count: failed })] : []
  })
  const finding = {
    subject,
    objects: [corefileRef(corefile, problem.line), ...down.map(({ pod }) => podRef(pod))],
    values: { map: subject.name, line: problem.line, message: problem.message },
    evidence: [
      line('computed', 'error', { map: subject.name, line: problem.line, message: problem.message }),
      ...logEvidence(refused).slice(0, 2),
      ...counters.slice(0, 1),
      ...(down.length === 0 ? [] : [line('observed', 'crashing', { pods: down.map(({ pod }) => pod.meta.name) })]),
      ...(running.length === 0
        ? []
        : [line('computed', 'old-one-runs', { pods: running.map(({ pod }) => pod.meta.name) })]),
      ...(problems.length > 1 ? [line('computed', 'more', { count: problems.length - 1 })] : []),
    ],
    fix: {
      key: 'corefile-invalid',
      values: { line: problem.line },
      command: `${editCorefile(corefile)}\nkubectl -n ${corefile.configMap.namespace} get configmap ${corefile.configMap.name} -o yaml | fathom lint -`,
    },
    isFault: true,
    explains: rungsWithout(facts, ladder, down),
  }
  if (refused.length > 0) return { status: 'proven', ...finding }
  return { status: 'suspected', ...finding, missing: [phrase('corefile-invalid.missing-log')] }
}

function problemsOf({ error, problems = [] }: CorefileFact): readonly CorefileProblem[] {
  if (problems.length > 0 || error === undefined) return problems
  return [{ code: 'syntax', line: Number(/:(\d+) - /.exec(error)?.[1] ?? 1), message: error }]
}

/** Servers that say that they do not take the Corefile; a directive that went with a release is another cause's. */
function refusals(ladder: Ladder): LogSighting[] {
  const signs = ['parse-failed', 'reload-failed', 'setup-failed', 'unknown-directive'] as const
  return signs
    .flatMap((sign) => signsOfReplicas(ladder, sign))
    .filter(({ finding }) => {
      const directive = finding.values['directive'] ?? /directive '([^']*)'/.exec(finding.line)?.[1]
      return directive === undefined || !Object.hasOwn(REMOVED_DIRECTIVES, directive)
    })
}

/** `coredns_reload_failed_total` counts errors of plugins' setup; it misses errors of the syntax. */
function failedReloads(ladder: Ladder, server: string): number {
  const scrape = findScrape(ladder, server)
  if (scrape === undefined) return 0
  const name = 'coredns_reload_failed_total'
  return Math.max(sumSamples(scrape.first, name) ?? 0, counterGrowth(scrape, name) ?? 0)
}
