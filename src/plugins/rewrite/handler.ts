// Per query: rules in order on the way in, their changes in reverse on the way out.
import type { Eventual } from '../../base/index.ts'
import type { Message, ResourceRecord } from '../../dns/message.ts'
import {
  fail,
  mapOutcome,
  respond,
  type HotTrait,
  type Keep,
  type Next,
  type Outcome,
  type PluginEnv,
  type PluginInstance,
  type Request,
} from '../../server/index.ts'
import { InvalidNameError } from './name-rule.ts'
import type { ResponseChange, RewriteRule, RuleTools } from './rule.ts'
import { createRule } from './rules.ts'
import type { RewriteOptions } from './setup.ts'

/** Builds the rules of a block. */
export function createRewrite(options: RewriteOptions, env: PluginEnv): PluginInstance {
  // Warnings about the rules themselves were given when they were parsed.
  const tools: RuleTools = { lookup: env.lookup, warn: (line) => env.log.debug(line) }
  const rules = options.rules.map((rule) => createRule(rule, tools))

  function handle(request: Request, next: Next): Outcome | Eventual<Outcome> {
    let rewritten = request
    const changes: ResponseChange[] = []
    try {
      for (const rule of rules) {
        const applied = rule.apply(rewritten)
        if (applied === undefined) continue
        rewritten = applied.request
        changes.push(...applied.changes)
        if (!rule.goesOn) break
      }
    } catch (error) {
      if (error instanceof InvalidNameError) return fail('rewrite', 'SERVFAIL', error)
      throw error
    }
    const outcome = next(rewritten)
    if (rewritten === request && changes.length === 0) return outcome
    changes.reverse()
    return mapOutcome(outcome, (found) => changeOutcome(found, request, changes))
  }

  return { handler: handle, ...hotOf(rules) }
}

function hotOf(rules: readonly RewriteRule[]): { readonly hot?: HotTrait } {
  if (rules.some(({ dependsOn }) => dependsOn === 'more')) return {}
  return { hot: { perClient: rules.some(({ dependsOn }) => dependsOn === 'client') } }
}

function changeOutcome(
  outcome: Outcome,
  request: Request,
  changes: readonly ResponseChange[],
): Outcome | Eventual<Outcome> {
  if (outcome.kind === 'drop') return outcome
  if (outcome.kind === 'status') return changeStatus(outcome, request, changes)
  const message = changeMessage({ ...outcome.message, question: request.message.question }, changes)
  // What was looked up has its own time to live.
  if (message instanceof Promise) return message.then((changed) => ({ ...outcome, message: changed, keep: undefined }))
  return { ...outcome, message, keep: keepOf(outcome, changes) }
}

/** The changes are the same for the same query, but TTLs that run down must not be written over changed ones. */
function keepOf(
  { keep }: Outcome & { readonly kind: 'answer' },
  changes: readonly ResponseChange[],
): (() => Keep | undefined) | undefined {
  if (keep === undefined || !changes.some(({ changesTtl }) => changesTtl === true)) return keep
  return () => {
    const kept = keep()
    return kept?.ages === undefined ? kept : undefined
  }
}

/** A response that nobody wrote has no records, but its rcode may be one that a rule changes. */
function changeStatus(
  outcome: Outcome & { readonly kind: 'status' },
  request: Request,
  changes: readonly ResponseChange[],
): Outcome {
  const rcode = changes.reduce((code, change) => change.rcode?.(code) ?? code, outcome.rcode)
  if (rcode === outcome.rcode) return outcome
  const { by, reason, error } = outcome
  return respond(request, { by, rcode, reason, error, aa: false })
}

/** All of a change before the next one; a promise only where one looks something up. */
function changeMessage(message: Message, changes: readonly ResponseChange[]): Message | Promise<Message> {
  let changed: Message | Promise<Message> = message
  for (const change of changes) {
    changed =
      changed instanceof Promise ? changed.then((one) => applyChange(one, change)) : applyChange(changed, change)
  }
  return changed
}

function applyChange(message: Message, change: ResponseChange): Message | Promise<Message> {
  let changed = message
  if (change.rcode !== undefined) changed = { ...changed, rcode: change.rcode(changed.rcode) }
  const { record } = change
  if (record !== undefined) {
    const all = (section: readonly ResourceRecord[]): readonly ResourceRecord[] => section.map((one) => record(one))
    changed = {
      ...changed,
      answer: all(changed.answer),
      authority: all(changed.authority),
      additional: all(changed.additional),
    }
  }
  return change.message === undefined ? changed : change.message(changed)
}
