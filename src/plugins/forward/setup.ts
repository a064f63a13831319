// forward FROM TO... { ... }: the directive's tokens to options; each repetition in a block is a rule.
import { formatGoDuration } from '../../base/index.ts'
import { expandZones, type Dispenser, type Token } from '../../corefile/index.ts'
import { parseAddress, parseName, rcodeNumber, rcodeMnemonic, type DomainName, type Rcode } from '../../dns/index.ts'
import type { Endpoint } from '../../net/exchange-result.ts'
import type { UpstreamTls } from '../../net/upstream/index.ts'
import type { SetupContext } from '../../server/index.ts'
import {
  durationArgument,
  integerArgument,
  noArguments,
  onlyArgument,
  readValue,
  someArguments,
  zoneArguments,
} from '../arguments.ts'
import { readTargets, type Target } from './targets.ts'
import { readTlsFiles } from './tls-files.ts'

export type Policy = 'random' | 'round_robin' | 'sequential'

export interface HealthOptions {
  readonly intervalMs: number
  readonly recursionDesired: boolean
  readonly domain: DomainName
}

/** One `forward` line. */
export interface ForwardRule {
  /** Where it stands, for what goes wrong later. */
  readonly at: Token
  readonly from: DomainName
  readonly targets: readonly Target[]
  readonly except: readonly DomainName[]
  readonly forceTcp: boolean
  readonly preferUdp: boolean
  readonly expireMs: number
  /** 0: no limit. */
  readonly maxAgeMs: number
  /** 0: no limit. */
  readonly maxIdle: number
  readonly readTimeoutMs: number
  readonly maxFails: number
  /** Failed attempts for one query; 0: no limit. */
  readonly maxAttempts: number
  readonly httpMethod: 'GET' | 'POST'
  readonly tls: UpstreamTls
  readonly policy: Policy
  readonly health: HealthOptions
  /** 0: no limit but the program's own. */
  readonly maxConcurrent: number
  readonly nextRcodes: readonly Rcode[]
  readonly nextOnNodata: boolean
  readonly failFast: boolean
  readonly failoverRcodes: readonly Rcode[]
  readonly sourceAddress: string | undefined
  /** Who is asked for host names among the targets; none: the system's resolvers. */
  readonly resolvers: readonly Endpoint[]
}

export interface ForwardOptions {
  readonly rules: readonly ForwardRule[]
}

const MAX_TARGETS = 15

type Draft = { -readonly [Key in keyof ForwardRule]: ForwardRule[Key] } & {
  maxAttemptsSet: boolean
  serverName: string | undefined
}

/** Reads every `forward` of a block. @throws {CorefileError} */
export function parseForward(dispenser: Dispenser, context: SetupContext): ForwardOptions {
  const rules: ForwardRule[] = []
  while (dispenser.next()) rules.push(parseRule(dispenser, context))
  return { rules }
}

function parseRule(dispenser: Dispenser, context: SetupContext): ForwardRule {
  const at = dispenser.token()
  const [fromText, ...toTexts] = dispenser.remainingArgs()
  if (fromText === undefined || toTexts.length === 0) throw dispenser.argError()
  const [from, ...others] = readValue(dispenser, () => expandZones(fromText))
  if (from === undefined) throw dispenser.error(`unable to normalize '${fromText}'`)
  if (others.length > 0) {
    context.log.warning(`Unsupported CIDR notation: '${fromText}' expands to multiple zones. Using only '${from}'.`)
  }
  const draft: Draft = {
    at,
    from,
    targets: [],
    except: [],
    forceTcp: false,
    preferUdp: false,
    expireMs: 10_000,
    maxAgeMs: 0,
    maxIdle: 0,
    readTimeoutMs: 2000,
    maxFails: 2,
    maxAttempts: 0,
    maxAttemptsSet: false,
    httpMethod: 'POST',
    tls: {},
    serverName: undefined,
    policy: 'random',
    health: { intervalMs: 500, recursionDesired: true, domain: '.' },
    maxConcurrent: 0,
    nextRcodes: [],
    nextOnNodata: false,
    failFast: false,
    failoverRcodes: [],
    sourceAddress: undefined,
    resolvers: [],
  }
  while (dispenser.nextBlock()) parseOption(dispenser, draft, context)
  return finish(dispenser, { draft, toTexts, context })
}

function finish(
  dispenser: Dispenser,
  from: { readonly draft: Draft; readonly toTexts: readonly string[]; readonly context: SetupContext },
): ForwardRule {
  const { serverName, maxAttemptsSet, ...draft } = from.draft
  if (draft.maxAgeMs > 0 && draft.maxAgeMs < draft.expireMs) {
    const [age, expire] = [draft.maxAgeMs, draft.expireMs].map(formatGoDuration)
    throw dispenser.error(`max_age (${age}) must not be less than expire (${expire})`)
  }
  const targets = readTargets(from.toTexts, from.context.files)
  if ('error' in targets) throw dispenser.error(targets.error)
  if (targets.length > MAX_TARGETS) throw dispenser.error(`more than ${MAX_TARGETS} TOs configured: ${targets.length}`)
  for (const target of targets) {
    if (serverName === undefined || target.serverName === undefined) continue
    throw dispenser.error(
      `both forward ('${serverName}') and proxy level ('${target.serverName}') TLS servernames are set for upstream proxy '${target.host}'`,
    )
  }
  return {
    ...draft,
    targets,
    tls: { ...draft.tls, serverName },
    maxAttempts: maxAttemptsSet ? draft.maxAttempts : targets.length * 2,
  }
}

function parseOption(dispenser: Dispenser, draft: Draft, context: SetupContext): void {
  const option = dispenser.value()
  switch (option) {
    case 'except':
      draft.except = [...draft.except, ...zoneArguments(dispenser, someArguments(dispenser), context)]
      return
    case 'force_tcp':
      noArguments(dispenser)
      draft.forceTcp = true
      return
    case 'prefer_udp':
      noArguments(dispenser)
      draft.preferUdp = true
      return
    case 'expire':
      draft.expireMs = naturalDuration(dispenser, option)
      return
    case 'max_age':
      draft.maxAgeMs = naturalDuration(dispenser, option)
      return
    case 'max_idle_conns':
      draft.maxIdle = naturalNumber(dispenser, option)
      return
    case 'read_timeout': {
      const text = onlyArgument(dispenser)
      draft.readTimeoutMs = durationArgument(dispenser, text)
      if (draft.readTimeoutMs <= 0) throw dispenser.error(`read_timeout must be positive: ${text}`)
      return
    }
    case 'max_fails':
      draft.maxFails = naturalNumber(dispenser, option)
      return
    case 'max_connect_attempts':
      draft.maxAttempts = naturalNumber(dispenser, option)
      draft.maxAttemptsSet = true
      return
    case 'doh_method': {
      const method = onlyArgument(dispenser).toUpperCase()
      if (method !== 'GET' && method !== 'POST') throw dispenser.error('doh_method must be either POST or GET')
      draft.httpMethod = method
      return
    }
    case 'tls':
      draft.tls = readTlsFiles(dispenser, context)
      return
    case 'tls_servername':
      draft.serverName = onlyArgument(dispenser)
      return
    case 'policy':
      draft.policy = parsePolicy(dispenser)
      return
    case 'health_check':
      draft.health = parseHealthCheck(dispenser, draft.health)
      return
    case 'max_concurrent':
      draft.maxConcurrent = naturalNumber(dispenser, option)
      return
    case 'next':
      draft.nextRcodes = [...draft.nextRcodes, ...parseRcodes(dispenser)]
      return
    case 'next_on_nodata':
      noArguments(dispenser)
      draft.nextOnNodata = true
      return
    case 'failfast_all_unhealthy_upstreams':
      noArguments(dispenser)
      draft.failFast = true
      return
    case 'failover': {
      const rcodes = parseRcodes(dispenser)
      if (rcodes.includes('NOERROR')) throw dispenser.error('NoError cannot be used in failover')
      draft.failoverRcodes = [...draft.failoverRcodes, ...rcodes]
      return
    }
    case 'source_address': {
      const text = onlyArgument(dispenser)
      if (parseAddress(text) === undefined) throw dispenser.error(`source_address must be an IP address: "${text}"`)
      draft.sourceAddress = text
      return
    }
    case 'resolver':
      draft.resolvers = [...draft.resolvers, ...parseResolvers(dispenser)]
      return
    default:
      throw dispenser.error(`unknown property '${option}'`)
  }
}

function naturalDuration(dispenser: Dispenser, option: string): number {
  const text = onlyArgument(dispenser)
  const ms = durationArgument(dispenser, text)
  if (ms < 0) throw dispenser.error(`${option} can't be negative: ${text}`)
  return ms
}

function naturalNumber(dispenser: Dispenser, option: string): number {
  const text = onlyArgument(dispenser)
  const value = integerArgument(dispenser, text)
  if (value < 0) throw dispenser.error(`${option} can't be negative: ${text}`)
  return value
}

function parsePolicy(dispenser: Dispenser): Policy {
  const policy = onlyArgument(dispenser)
  if (policy === 'random' || policy === 'round_robin' || policy === 'sequential') return policy
  throw dispenser.error(`unknown policy '${policy}'`)
}

function parseHealthCheck(dispenser: Dispenser, defaults: HealthOptions): HealthOptions {
  const [interval, ...words] = dispenser.remainingArgs()
  if (interval === undefined) throw dispenser.argError()
  const intervalMs = durationArgument(dispenser, interval)
  if (intervalMs < 0) throw dispenser.error(`health_check can't be negative: ${interval}`)
  let { recursionDesired, domain } = defaults
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === 'no_rec') {
      recursionDesired = false
    } else if (word === 'domain') {
      const text = words.shift()
      if (text === undefined) throw dispenser.argError()
      try {
        domain = parseName(text)
      } catch {
        throw dispenser.error(`health_check: invalid domain name ${text}`)
      }
    } else {
      throw dispenser.error(`health_check: unknown option ${word}`)
    }
  }
  return { intervalMs, recursionDesired, domain }
}

function parseRcodes(dispenser: Dispenser): Rcode[] {
  return someArguments(dispenser).map((text) => {
    const number = rcodeNumber(text)
    if (number === undefined) throw dispenser.error(`${text} is not a valid rcode`)
    return rcodeMnemonic(number)
  })
}

function parseResolvers(dispenser: Dispenser): Endpoint[] {
  return someArguments(dispenser).map((text) => {
    const [, bracketed, plain, portText] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? [text, undefined, text]
    const address = bracketed ?? plain ?? ''
    const port = portText === undefined ? 53 : Number(portText)
    if (parseAddress(address) === undefined || port < 1 || port > 65_535) {
      throw dispenser.error(`resolver must be an IP address or IP:port: "${text}"`)
    }
    return { address, port }
  })
}
