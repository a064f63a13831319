// The Corefile uses what the image's version of CoreDNS no longer has.
import { REMOVED_DIRECTIVES, REMOVED_OPTIONS } from '../../../corefile/index.ts'
import { optionsNamed, readStatements } from '../../../route/index.ts'
import type { CorefileFact, DnsReplica } from '../../facts/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import {
  compareVersions,
  corefileRef,
  corefileSubject,
  editCorefile,
  isCrashing,
  logEvidence,
  rungsWithout,
  signsOfReplicas,
} from '../coredns-support.ts'
import { excluded, notChecked, podRef } from '../support.ts'

export const corefileDirectiveRemoved: Cause = {
  code: 'corefile-directive-removed',
  needs: ['config-maps', 'pods'],
  judge: (evidence) => [judge(evidence)],
}

/** A directive, or `DIRECTIVE OPTION`, that some release took away. */
interface Removed {
  readonly text: string
  readonly removedIn: string
  readonly instead: string
  readonly line: number
}

function judge({ facts, ladder }: Evidence): Judgement {
  const { corefile, replicas } = facts.dns
  if (corefile === undefined) return notChecked('not-checked.no-corefile')
  const subject = corefileSubject(corefile)
  if (corefile.error !== undefined) return notChecked('not-checked.corefile-unreadable', { map: subject.name }, subject)
  const known = replicas.filter(({ version }) => version !== undefined)
  if (known.length === 0) return notChecked('not-checked.no-version', {}, subject)
  const used = removedOf(corefile)
  const hit = used.find(({ removedIn }) => known.some((replica) => isNewer(replica, removedIn)))
  const versions = [...new Set(known.map(({ version = '' }) => version))]
  if (hit === undefined) return excluded(line('computed', 'all-known', { map: subject.name, versions }), subject)
  const concerned = known.filter((replica) => isNewer(replica, hit.removedIn))
  const down = concerned.filter((replica) => isCrashing(replica) && !replica.ready)
  const said = [...signsOfReplicas(ladder, 'unknown-directive'), ...signsOfReplicas(ladder, 'setup-failed')]
    .concat(signsOfReplicas(ladder, 'parse-failed'), signsOfReplicas(ladder, 'reload-failed'))
    .filter(({ finding }) => finding.line.includes(hit.text.split(' ').at(-1) ?? ''))
  const version = concerned[0]?.version ?? ''
  const finding = {
    subject,
    objects: [corefileRef(corefile, hit.line), ...concerned.map(({ pod }) => podRef(pod, 'spec.containers.image'))],
    values: { directive: hit.text, version, removedIn: hit.removedIn },
    evidence: [
      line('computed', 'used', {
        map: subject.name,
        line: hit.line,
        directive: hit.text,
        removedIn: hit.removedIn,
      }),
      line('observed', 'image', { pods: concerned.map(({ pod }) => pod.meta.name), image: concerned[0]?.image ?? '' }),
      ...logEvidence(said).slice(0, 2),
      ...(down.length === 0 ? [] : [line('observed', 'crashing', { pods: down.map(({ pod }) => pod.meta.name) })]),
    ],
    fix: {
      key: 'corefile-directive-removed',
      values: { directive: hit.text, instead: hit.instead },
      command: `${editCorefile(corefile)}\n# or: corefile-tool migrate --from OLD_VERSION --to ${version} --corefile Corefile`,
    },
    isFault: true,
    explains: rungsWithout(facts, ladder, down),
  }
  // A server of that version that runs started with another Corefile, or does not mind.
  if (down.length > 0 || said.length > 0) return { status: 'proven', ...finding }
  return { status: 'suspected', ...finding, missing: [phrase('corefile-directive-removed.missing-crash', { version })] }
}

function isNewer({ version }: DnsReplica, removedIn: string): boolean {
  return version !== undefined && compareVersions(version, removedIn) >= 0
}

function removedOf({ blocks }: CorefileFact): Removed[] {
  return blocks.flatMap(({ directives }) =>
    directives.flatMap((directive): Removed[] => {
      const gone = REMOVED_DIRECTIVES[directive.name]
      if (gone !== undefined) return [{ text: directive.name, ...gone, line: directive.tokens[0]?.line ?? 1 }]
      return REMOVED_OPTIONS.filter((removed) => removed.directive === directive.name).flatMap((removed) =>
        readStatements(directive).flatMap((statement) =>
          optionsNamed(statement, removed.option).map(({ at }) => ({
            text: `${removed.directive} ${removed.option}`,
            removedIn: removed.removedIn,
            instead: removed.instead,
            line: at.line,
          })),
        ),
      )
    }),
  )
}
