// Writes one line for each query that a rule asks for.
import { isInZone, mapOutcome } from '../../server/index.ts'
import type { Outcome, PluginEnv, PluginInstance, Request } from '../../server/index.ts'
import { formatEntry } from './format.ts'
import type { LogRule, ResponseClass } from './setup.ts'

/** Makes the plugin's instance. */
export function createLogPlugin(rules: readonly LogRule[], env: PluginEnv): PluginInstance {
  function write(rule: LogRule, request: Request, outcome: Outcome): Outcome {
    const { classes, format } = rule
    request.metadata?.set('log/class', () => classOf(outcome))
    if (!classes.has('all') && !classes.has(classOf(outcome))) return outcome
    const octets = env.render(request, outcome)
    const durationMs = env.clock.monotonic() - request.receivedAt
    env.rootLog.info(formatEntry(format, { request, outcome, octets, durationMs }))
    return outcome
  }

  const ruleFor = ({ name }: Request): LogRule | undefined => rules.find(({ zone }) => isInZone(name, zone))

  return {
    // What is to be written must come by.
    hot: {
      permits(request, outcome) {
        const classes = ruleFor(request)?.classes
        return classes === undefined || !(classes.has('all') || classes.has(classOf(outcome)))
      },
    },
    handler(request, next) {
      const rule = ruleFor(request)
      const outcome = next(request)
      return rule === undefined ? outcome : mapOutcome(outcome, (done) => write(rule, request, done))
    },
  }
}

/**
 * The class of a response: NXDOMAIN and NODATA are a denial; answers, referrals and empty NOERROR without SOA a success;
 * everything else an error, silence included.
 */
function classOf(outcome: Outcome): ResponseClass {
  if (outcome.kind !== 'answer') return 'error'
  const { rcode, answer, authority } = outcome.message
  if (rcode === 'NXDOMAIN') return answer.length > 0 ? 'error' : 'denial'
  if (rcode !== 'NOERROR') return 'error'
  return answer.length === 0 && authority.some(({ type }) => type === 'SOA') ? 'denial' : 'success'
}
