// Per query: the first template that matches writes the response.
import { describeError, type Eventual } from '../../base/index.ts'
import { parseRecord, writeExtendedError, type ResourceRecord } from '../../dns/index.ts'
import {
  FIXED,
  fail,
  respond,
  withQuestion,
  type Counter,
  type HotTrait,
  type Keep,
  type Next,
  type Outcome,
  type PluginEnv,
  type PluginInstance,
  type Request,
} from '../../server/index.ts'
import type { Reads } from './query-scope.ts'
import { matchTemplate, type TemplateMatch } from './match.ts'
import type { TemplateOptions, TemplateRule, TemplateSection } from './setup.ts'

const BY = 'template'

type Match = TemplateMatch & { readonly kind: 'match' }

/** Builds the templates of a block. */
export function createTemplates({ rules }: TemplateOptions, env: PluginEnv): PluginInstance {
  const metrics = createTemplateMetrics(env)

  function handle(request: Request, next: Next): Outcome | Eventual<Outcome> {
    const reads: Reads = { volatile: false }
    for (const rule of rules) {
      const match = matchTemplate(rule, request, { reads })
      if (match.kind === 'match') return answer(rule, match, { request, reads })
      if (match.kind === 'miss' && !match.goesOn) return fail(BY, 'SERVFAIL')
    }
    return next(request)
  }

  function answer(rule: TemplateRule, match: Match, { request, reads }: Asked): Outcome | Eventual<Outcome> {
    const labels = [request.server, match.zone, '', match.class, match.type]
    metrics.matches.inc(labels)
    if (rule.rcode === 'SERVFAIL') return fail(BY, 'SERVFAIL')
    try {
      const write = (section: TemplateSection): ResourceRecord[] => writeSection(section, { rule, match, request })
      const records = write('answer')
      const rest = { additional: write('additional'), authority: write('authority') }
      const follows =
        (request.type === 'A' || request.type === 'AAAA') && records.some(({ rdata }) => rdata.type === 'CNAME')
      if (!follows) {
        const keep = (): Keep => ({ stamp: FIXED, tally: (hits) => metrics.matches.inc(labels, hits) })
        return finish(rule, request, { ...rest, answer: records, keep: reads.volatile ? undefined : keep })
      }
      return followAliases(records, request).then((followed) => finish(rule, request, { ...rest, ...followed }))
    } catch (error) {
      return fail(BY, 'SERVFAIL', error instanceof Error ? error : new Error(describeError(error)))
    }
  }

  function writeSection(
    section: TemplateSection,
    { rule, match, request }: { readonly rule: TemplateRule; readonly match: Match; readonly request: Request },
  ): ResourceRecord[] {
    return rule.sections[section].map((template) => {
      const labels = [request.server, match.zone, '', match.class, match.type, section, template.source]
      let text: string
      try {
        text = template.execute(match.values)
      } catch (error) {
        for (const counter of metrics.failures) counter.inc(labels)
        throw error
      }
      try {
        return parseRecord(text)
      } catch (error) {
        metrics.recordFailures.inc(labels)
        throw error
      }
    })
  }

  /** Behind each alias what it leads to, as this server answers it. */
  async function followAliases(
    records: readonly ResourceRecord[],
    request: Request,
  ): Promise<{ readonly answer: readonly ResourceRecord[]; readonly tc: boolean }> {
    const followed: ResourceRecord[] = []
    let tc = false
    for (const record of records) {
      followed.push(record)
      if (record.rdata.type !== 'CNAME') continue
      const outcome = await env.lookup(withQuestion(request, { name: record.rdata.cname }))
      if (outcome.kind !== 'answer') continue
      followed.push(...outcome.message.answer)
      tc = outcome.message.flags.tc
    }
    return { answer: followed, tc }
  }

  return { handler: handle, ...hotOf(rules) }
}

/** Queries that no template takes may pass by, unless whether one takes them depends on more than query and client. */
function hotOf(rules: readonly TemplateRule[]): { readonly hot?: HotTrait } {
  if (rules.some(({ dependence }) => dependence === 'unknown')) return {}
  return { hot: { perClient: rules.some(({ dependence }) => dependence === 'client') } }
}

interface Asked {
  readonly request: Request
  readonly reads: Reads
}

interface Sections {
  readonly answer: readonly ResourceRecord[]
  readonly additional: readonly ResourceRecord[]
  readonly authority: readonly ResourceRecord[]
  readonly tc?: boolean
  readonly keep?: (() => Keep) | undefined
}

function finish(rule: TemplateRule, request: Request, sections: Sections): Outcome {
  return respond(request, {
    by: BY,
    rcode: rule.rcode,
    ...sections,
    reason: `template ${rule.class} ${rule.type} ${rule.zones.join(' ')}`,
    options: rule.extendedError === undefined ? undefined : [writeExtendedError(rule.extendedError)],
  })
}

interface TemplateMetrics {
  readonly matches: Counter
  /** Under both names that CoreDNS documents and uses. */
  readonly failures: readonly Counter[]
  readonly recordFailures: Counter
}

function createTemplateMetrics({ metrics }: PluginEnv): TemplateMetrics {
  const labels = ['server', 'zone', 'view', 'class', 'type']
  const counter = (name: string, help: string, more: readonly string[] = []): Counter =>
    metrics.counter({ name: `coredns_template_${name}`, help, labels: [...labels, ...more] })
  const failed = 'Templates that could not be carried out.'
  return {
    matches: counter('matches_total', 'Questions that a template answered.'),
    failures: ['failures_total', 'template_failures_total'].map((name) =>
      counter(name, failed, ['section', 'template']),
    ),
    recordFailures: counter('rr_failures_total', 'Texts of templates that are no record.', ['section', 'template']),
  }
}
