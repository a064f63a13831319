// edns0 local|nsid|subnet set|append|replace|unset …: options of the query, and their way back.
import { parseGoUint } from '../../base/index.ts'
import { EDNS_OPTION, parseAddress, typeNumber, writeClientSubnet, writeNsid } from '../../dns/index.ts'
import type { Edns, EdnsOption, Message } from '../../dns/message.ts'
import type { Request } from '../../server/index.ts'
import { RuleError, type Applied, type Dependence, type ResponseChange, type RewriteRule } from './rule.ts'

type Action = 'append' | 'replace' | 'set' | 'unset'
/** The option for a query; undefined when the query does not have what it is made of. */
type MakeOption = (request: Request) => EdnsOption | undefined

interface OptionRule {
  readonly code: number
  readonly action: Action
  readonly make: MakeOption
  readonly dependsOn?: Dependence | undefined
  readonly reverts: boolean
  /** Whether what is set comes back in the response: CoreDNS keeps local options and NSID, not client subnets. */
  readonly returns: boolean
}

/** Reads the arguments of an `edns0` rule. @throws {RuleError} @throws {GoValueError} */
export function createEdns0Rule(args: readonly string[]): Pick<RewriteRule, 'apply' | 'dependsOn'> {
  const rule = readRule(args)
  return { apply: (request) => applyOption(rule, request), dependsOn: rule.dependsOn }
}

function readRule(args: readonly string[]): OptionRule {
  const [typeText, actionText, ...rest] = args
  if (typeText === undefined || actionText === undefined) throw new RuleError('too few arguments for an EDNS0 rule')
  const type = typeText.toLowerCase()
  const action = actionText.toLowerCase()
  if (action !== 'append' && action !== 'replace' && action !== 'set' && action !== 'unset') {
    throw new RuleError(`invalid action: "${action}"`)
  }
  const reverts = action !== 'unset' && rest.at(-1) === 'revert'
  const values = reverts ? rest.slice(0, -1) : rest
  switch (type) {
    case 'local':
      return { ...readLocal(action, values), action, reverts, returns: true }
    case 'nsid':
      if (values.length > 0) {
        throw new RuleError(
          action === 'unset'
            ? 'nsid unset action requires exactly one argument'
            : 'EDNS0 NSID rules can accept no more than one arg',
        )
      }
      return { code: EDNS_OPTION.nsid, action, make: () => writeNsid(), reverts, returns: true }
    case 'subnet':
      return {
        code: EDNS_OPTION.clientSubnet,
        action,
        make: readSubnet(action, values),
        dependsOn: action === 'unset' ? undefined : 'client',
        reverts,
        returns: false,
      }
    default:
      throw new RuleError(`invalid rule type "${type}"`)
  }
}

// --- local CODE DATA ---

function readLocal(action: Action, values: readonly string[]): Pick<OptionRule, 'code' | 'dependsOn' | 'make'> {
  const [codeText, text, ...more] = values
  if (action === 'unset') {
    if (codeText === undefined || text !== undefined) {
      throw new RuleError('local unset action requires exactly two arguments')
    }
    return { code: readCode(codeText), make: () => undefined }
  }
  if (codeText === undefined || text === undefined || more.length > 0) {
    throw new RuleError('EDNS0 local rules require three or four args')
  }
  const code = readCode(codeText)
  if (text.startsWith('{') && text.endsWith('}')) {
    const variable = readVariable(text)
    return {
      code,
      dependsOn: DEPENDENCES[text] ?? (text.includes('/') ? 'more' : undefined),
      make: (request) => {
        const octets = variable(request)
        return octets && { code, octets }
      },
    }
  }
  const octets = text.startsWith('0x') ? readHex(text) : new TextEncoder().encode(text)
  return { code, make: () => ({ code, octets }) }
}

function readCode(text: string): number {
  return /^0[xX][\da-fA-F]{1,4}$/.test(text) ? Number(text) : parseGoUint(text, 16)
}

function readHex(text: string): Uint8Array {
  const digits = text.slice(2)
  if (!/^(?:[\da-fA-F]{2})*$/.test(digits)) throw new RuleError(`encoding/hex: invalid hexadecimal data "${text}"`)
  return new Uint8Array(Buffer.from(digits, 'hex'))
}

/** What the variables depend on; labels of the metadata plugin hold a slash. */
const DEPENDENCES: Readonly<Record<string, Dependence>> = {
  '{client_ip}': 'client',
  '{client_port}': 'more',
  '{server_ip}': 'more',
}

function readVariable(text: string): (request: Request) => Uint8Array | undefined {
  const name = text.slice(1, -1)
  const encoder = new TextEncoder()
  switch (name) {
    case 'qname':
      return (request) => encoder.encode(request.question.name)
    case 'qtype':
      return (request) => uint16(typeNumber(request.type) ?? 0)
    case 'client_ip':
      return (request) => parseAddress(request.client.address)
    case 'server_ip':
      return (request) => parseAddress(request.local.address)
    case 'client_port':
      return (request) => uint16(request.client.port)
    case 'server_port':
      return (request) => uint16(request.local.port)
    case 'protocol':
      return (request) => encoder.encode(request.transport === 'udp' ? 'udp' : 'tcp')
    default: {
      // Labels of the metadata plugin are PLUGIN/NAME; which ones there will be nobody knows at the start.
      if (!/^[^/]+\/.+$/.test(name)) throw new RuleError(`unsupported variable name "${text}"`)
      return (request) => {
        const value = request.metadata?.get(name)?.() ?? ''
        return value === '' ? undefined : encoder.encode(value)
      }
    }
  }
}

function uint16(value: number): Uint8Array {
  return new Uint8Array([value >>> 8, value & 0xff])
}

// --- subnet IPV4BITS IPV6BITS ---

function readSubnet(action: Action, values: readonly string[]): MakeOption {
  if (action === 'unset') {
    if (values.length > 0) throw new RuleError('subnet unset action requires exactly one argument')
    return () => undefined
  }
  const [ipv4Text, ipv6Text, ...more] = values
  if (ipv4Text === undefined || ipv6Text === undefined || more.length > 0) {
    throw new RuleError('EDNS0 subnet rules require three or four args')
  }
  const ipv4Bits = parseGoUint(ipv4Text, 16)
  if (ipv4Bits > 32) throw new RuleError(`invalid IPv4 bit mask length ${ipv4Bits}`)
  const ipv6Bits = parseGoUint(ipv6Text, 16)
  if (ipv6Bits > 128) throw new RuleError(`invalid IPv6 bit mask length ${ipv6Bits}`)
  return ({ client: { address } }) => {
    const octets = parseAddress(address)
    if (octets === undefined) return undefined
    const sourcePrefixLength = octets.length === 4 ? ipv4Bits : ipv6Bits
    return writeClientSubnet({ address, sourcePrefixLength, scopePrefixLength: 0 })
  }
}

// --- At work ---

/** What a query without an OPT record gets when an option is added to it. */
const NEW_EDNS: Edns = { udpPayloadSize: 4096, version: 0, dnssecOk: false, z: 0, options: [] }

function applyOption(rule: OptionRule, request: Request): Applied | undefined {
  const edns = request.message.edns ?? NEW_EDNS
  const old = edns.options.find(({ code }) => code === rule.code)
  const options = changeOptions(edns.options, old, rule, request)
  if (options === undefined) return undefined
  const change = returnOption(rule, old, options)
  return {
    request: { ...request, message: { ...request.message, edns: { ...edns, options } } },
    changes: change === undefined ? [] : [change],
  }
}

function changeOptions(
  options: readonly EdnsOption[],
  old: EdnsOption | undefined,
  rule: OptionRule,
  request: Request,
): readonly EdnsOption[] | undefined {
  if (rule.action === 'unset') return options.filter(({ code }) => code !== rule.code)
  if (old === undefined ? rule.action === 'replace' : rule.action === 'append') return undefined
  const made = rule.make(request)
  if (made === undefined) return undefined
  return old === undefined ? [...options, made] : options.map((option) => (option === old ? made : option))
}

/** Rules work backwards on responses, so the first rule has the last word: the option as it stood before any that reverts. */
function returnOption(
  rule: OptionRule,
  old: EdnsOption | undefined,
  options: readonly EdnsOption[],
): ResponseChange | undefined {
  if (!rule.returns) return undefined
  if (rule.action === 'unset') return undefined
  const option = rule.reverts ? old : options.find(({ code }) => code === rule.code)
  return { message: (message) => withOption(message, rule.code, { option, keeps: !rule.reverts }) }
}

/** `keeps`: an option that later rules or the upstream put there stays. */
function withOption(
  message: Message,
  code: number,
  { option, keeps }: { readonly option: EdnsOption | undefined; readonly keeps: boolean },
): Message {
  const edns = message.edns ?? NEW_EDNS
  const present = edns.options.some((one) => one.code === code)
  if (present && keeps) return message
  const others = edns.options.filter((one) => one.code !== code)
  return { ...message, edns: { ...edns, options: option === undefined ? others : [...others, option] } }
}
