// Per query: the first template that matches writes the response.
import { describeError } from '../../base/index.ts'
import { parseRecord, writeExtendedError, type ResourceRecord } from '../../dns/index.ts'
import {
  fail,
  respond,
  withQuestion,
  type Counter,
  type Next,
  type Outcome,
  type PluginEnv,
  type PluginInstance,
  type Request,
} from '../../server/index.ts'
import { matchTemplate, type TemplateMatch } from './match.ts'
import type { TemplateOptions, TemplateRule, TemplateSection } from './setup.ts'

const BY = 'template'

type Match = TemplateMatch & { readonly kind: 'match' }

/** Builds the templates of a block. */
export function createTemplates({ rules }: TemplateOptions, env: PluginEnv): PluginInstance {
  const metrics = createTemplateMetrics(env)

  function handle(request: Request, next: Next): Outcome | Promise<Outcome> {
    for (const rule of rules) {
      const match = matchTemplate(rule, request)
      if (match.kind === 'match') return answer(rule, match, request)
      if (match.kind === 'miss' && !match.goesOn) return fail(BY, 'SERVFAIL')
    }
    return next(request)
  }

  function answer(rule: TemplateRule, match: Match, request: Request): Outcome | Promise<Outcome> {
    metrics.matches.inc([request.server, match.zone, '', match.class, match.type])
    if (rule.rcode === 'SERVFAIL') return fail(BY, 'SERVFAIL')
    try {
      const write = (section: TemplateSection): ResourceRecord[] => writeSection(section, { rule, match, request })
      const records = write('answer')
      const rest = { additional: write('additional'), authority: write('authority') }
      const follows =
        (request.type === 'A' || request.type === 'AAAA') && records.some(({ rdata }) => rdata.type === 'CNAME')
      if (!follows) return finish(rule, request, { ...rest, answer: records })
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

  return { handler: handle }
}

interface Sections {
  readonly answer: readonly ResourceRecord[]
  readonly additional: readonly ResourceRecord[]
  readonly authority: readonly ResourceRecord[]
  readonly tc?: boolean
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
