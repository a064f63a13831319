// dig's `+` options: what each does to the settings, how it may be shortened, what this program does not offer.
import { EDNS_OPTION, opcodeNumber, parseAddress } from '../../dns/index.ts'
import type { Settings } from './settings.ts'
import { DigError } from './usage.ts'

interface PlusOption {
  /** `none`: on or off; `optional`, `required`: what stands after `=`. */
  readonly value: 'none' | 'optional' | 'required'
  /** @param on false for `+no…` */
  apply(settings: Settings, on: boolean, value: string | undefined): void
}

/** Reads one option, the `+` taken off. @throws {DigError} */
export function applyPlusOption(settings: Settings, text: string): void {
  const equals = text.indexOf('=')
  const word = (equals < 0 ? text : text.slice(0, equals)).toLowerCase()
  const value = equals < 0 ? undefined : text.slice(equals + 1)
  const found = findOption(word)
  if (found === undefined) throw new DigError(`Invalid option: +${text}`)
  const { name, on } = found
  const notOffered = NOT_OFFERED[name]
  if (notOffered !== undefined) {
    if (!on) return
    throw new DigError(`Cannot use +${name}: ${notOffered}`)
  }
  const option = OPTIONS[name]
  if (option === undefined) throw new DigError(`Invalid option: +${text}`)
  if (option.value === 'none' && value !== undefined) throw new DigError(`Invalid option: +${text} takes no value`)
  if (option.value === 'required' && on && value === undefined)
    throw new DigError(`Invalid option: +${text} needs a value`)
  option.apply(settings, on, value)
}

/** Finds the one option that a word, with or without `no` before it, means. */
function findOption(word: string): { readonly name: string; readonly on: boolean } | undefined {
  const direct = expand(word)
  if (direct !== undefined) return { name: direct, on: true }
  const negated = word.startsWith('no') ? expand(word.slice(2)) : undefined
  return negated === undefined ? undefined : { name: negated, on: false }
}

function expand(word: string): string | undefined {
  const alias = Object.hasOwn(ALIASES, word) ? ALIASES[word] : undefined
  if (alias !== undefined) return alias
  const names = [...Object.keys(OPTIONS), ...Object.keys(NOT_OFFERED), ...Object.keys(ALIASES)]
  if (names.includes(word)) return word
  const meant = new Set(
    names.filter((name) => word !== '' && name.startsWith(word)).map((name) => ALIASES[name] ?? name),
  )
  return meant.size === 1 ? [...meant][0] : undefined
}

/** Other spellings, and the short forms that dig gives to one of several options. */
const ALIASES: Readonly<Record<string, string>> = {
  aa: 'aaflag',
  aaonly: 'aaflag',
  ad: 'adflag',
  cd: 'cdflag',
  co: 'coflag',
  defname: 'search',
  do: 'dnssec',
  ra: 'raflag',
  rd: 'rdflag',
  rec: 'rdflag',
  recurse: 'rdflag',
  tc: 'tcflag',
  time: 'timeout',
  vc: 'tcp',
}

const NOT_OFFERED: Readonly<Record<string, string>> = {
  dns64prefix: 'not offered; ask for "ipv4only.arpa AAAA" and read the prefix off the answer',
  https: 'DNS over HTTPS is not offered; ask over UDP or +tcp',
  'https-get': 'DNS over HTTPS is not offered; ask over UDP or +tcp',
  'http-plain': 'DNS over HTTP is not offered; ask over UDP or +tcp',
  'http-plain-get': 'DNS over HTTP is not offered; ask over UDP or +tcp',
  idnin: 'names are taken as they are; write an internationalized name in its xn-- form',
  idnout: 'names are shown as they are, in their xn-- form',
  nssearch: 'not offered; ask for the NS records, then each server for the SOA record',
  tls: 'DNS over TLS is not offered; ask over UDP or +tcp',
  'tls-ca': 'DNS over TLS is not offered; ask over UDP or +tcp',
  'tls-certfile': 'DNS over TLS is not offered; ask over UDP or +tcp',
  'tls-hostname': 'DNS over TLS is not offered; ask over UDP or +tcp',
  'tls-keyfile': 'DNS over TLS is not offered; ask over UDP or +tcp',
  trace: 'following delegations from the root is not offered; ask each server with +norecurse',
}

type Flag = { [Name in keyof Settings]: Settings[Name] extends boolean ? Name : never }[keyof Settings]

function flag(name: Flag): PlusOption {
  return {
    value: 'none',
    apply: (settings, on) => {
      settings[name] = on
    },
  }
}

/** An option of the OPT record: turning it on makes sure that there is one. */
function ednsFlag(name: Flag): PlusOption {
  return {
    value: 'none',
    apply: (settings, on) => {
      settings[name] = on
      if (on) settings.ednsVersion ??= 0
    },
  }
}

const OPTIONS: Readonly<Record<string, PlusOption>> = {
  aaflag: flag('aa'),
  additional: flag('showAdditional'),
  adflag: flag('ad'),
  all: {
    value: 'none',
    apply(settings, on) {
      settings.showQuestion = on
      settings.showAnswer = on
      settings.showAuthority = on
      settings.showAdditional = on
      settings.showComments = on
      settings.showStatistics = on
      settings.showCommand = on
    },
  },
  answer: flag('showAnswer'),
  authority: flag('showAuthority'),
  badcookie: flag('retryBadCookie'),
  besteffort: flag('bestEffort'),
  bufsize: {
    value: 'optional',
    apply(settings, on, value) {
      settings.udpPayloadSize =
        on && value !== undefined ? number(value, { what: 'buffer size', limit: 65_535 }) : undefined
      if (on) settings.ednsVersion ??= 0
    },
  },
  cdflag: flag('cd'),
  class: flag('showClass'),
  cmd: flag('showCommand'),
  coflag: ednsFlag('compactOk'),
  comments: {
    value: 'none',
    apply(settings, on) {
      settings.showComments = on
      settings.commentsWereSet = on
    },
  },
  cookie: {
    value: 'optional',
    apply(settings, on, value) {
      settings.sendCookie = on
      settings.cookie = on && value !== undefined ? hex(value, 'cookie') : undefined
      if (on) settings.ednsVersion ??= 0
    },
  },
  crypto: flag('showCrypto'),
  dnssec: ednsFlag('dnssecOk'),
  domain: {
    value: 'required',
    apply(settings, on, value) {
      settings.domain = on ? value : undefined
    },
  },
  edns: {
    value: 'optional',
    apply(settings, on, value) {
      settings.ednsVersion = on ? (value === undefined ? 0 : number(value, { what: 'edns', limit: 255 })) : undefined
    },
  },
  ednsflags: {
    value: 'optional',
    apply(settings, on, value) {
      settings.ednsFlags = on && value !== undefined ? number(value, { what: 'ednsflags', limit: 65_535 }) : 0
      if (on) settings.ednsVersion ??= 0
    },
  },
  ednsnegotiation: flag('retryBadVersion'),
  ednsopt: {
    value: 'required',
    apply(settings, on, value) {
      if (!on || value === undefined) {
        settings.ednsOptions = []
        return
      }
      const [code = '', octets = ''] = value.split(/:(.*)/s)
      settings.ednsOptions = [
        ...settings.ednsOptions,
        { code: optionCode(code), octets: hex(octets, `EDNS option ${code}`) },
      ]
      settings.ednsVersion ??= 0
    },
  },
  expandaaaa: flag('expandAaaa'),
  expire: ednsFlag('expire'),
  fail: flag('stopAtServfail'),
  'header-only': flag('headerOnly'),
  identify: flag('identify'),
  ignore: flag('ignoreTruncation'),
  keepalive: ednsFlag('keepalive'),
  keepopen: flag('keepOpen'),
  multiline: flag('multiline'),
  ndots: {
    value: 'required',
    apply(settings, on, value) {
      settings.ndots = on && value !== undefined ? number(value, { what: 'ndots', limit: 65_535 }) : undefined
    },
  },
  nsid: ednsFlag('nsid'),
  onesoa: flag('oneSoa'),
  opcode: {
    value: 'optional',
    apply(settings, on, value) {
      settings.opcode =
        on && value !== undefined ? (opcodeNumber(value) ?? number(value, { what: 'opcode', limit: 15 })) : 0
    },
  },
  padding: {
    value: 'required',
    apply(settings, on, value) {
      settings.paddingBlock = on && value !== undefined ? number(value, { what: 'padding', limit: 512 }) : 0
      if (on) settings.ednsVersion ??= 0
    },
  },
  qid: {
    value: 'required',
    apply(settings, on, value) {
      settings.id = on && value !== undefined ? number(value, { what: 'qid', limit: 65_535 }) : undefined
    },
  },
  qr: flag('showQuery'),
  question: {
    value: 'none',
    apply(settings, on) {
      settings.showQuestion = on
      settings.questionWasSet = on
    },
  },
  raflag: flag('ra'),
  rdflag: flag('rd'),
  retry: {
    value: 'required',
    apply(settings, on, value) {
      if (on && value !== undefined) settings.tries = number(value, { what: 'retries', limit: 4_294_967_294 }) + 1
    },
  },
  rrcomments: {
    value: 'none',
    apply(settings, on) {
      settings.recordComments = on
    },
  },
  search: flag('search'),
  short: {
    value: 'none',
    apply(settings, on) {
      settings.short = on
      if (!on) return
      settings.showAdditional = false
      settings.showAnswer = true
      settings.showAuthority = false
      settings.showComments = false
      settings.showStatistics = false
      settings.recordComments = false
    },
  },
  showbadcookie: flag('showBadCookie'),
  showsearch: {
    value: 'none',
    apply(settings, on) {
      settings.showSearch = on
      if (on) settings.search = true
    },
  },
  split: {
    value: 'optional',
    apply(settings, on, value) {
      settings.splitWidth = on
        ? value === undefined
          ? undefined
          : Math.ceil(number(value, { what: 'split', limit: 1023 }) / 4) * 4
        : 0
    },
  },
  stats: flag('showStatistics'),
  subnet: {
    value: 'required',
    apply(settings, on, value) {
      settings.subnet = on && value !== undefined ? subnet(value) : undefined
      if (on) settings.ednsVersion ??= 0
    },
  },
  tcflag: flag('tc'),
  tcp: {
    value: 'none',
    apply(settings, on) {
      settings.tcp = on
      settings.tcpWasSet = true
    },
  },
  timeout: {
    value: 'required',
    apply(settings, on, value) {
      settings.timeoutSeconds =
        on && value !== undefined ? Math.max(number(value, { what: 'timeout', limit: 65_535 }), 1) : undefined
    },
  },
  tries: {
    value: 'required',
    apply(settings, on, value) {
      if (on && value !== undefined)
        settings.tries = Math.max(number(value, { what: 'tries', limit: 4_294_967_295 }), 1)
    },
  },
  ttlid: flag('showTtl'),
  ttlunits: {
    value: 'none',
    apply(settings, on) {
      settings.ttlUnits = on
      if (on) settings.showTtl = true
    },
  },
  unknownformat: flag('unknownFormat'),
  yaml: flag('yaml'),
  zflag: flag('z'),
}

// --- Values ---

function number(text: string, { what, limit }: { readonly what: string; readonly limit: number }): number {
  const value = /^\d+$/.test(text) ? Number(text) : /^0x[0-9a-f]+$/i.test(text) ? Number.parseInt(text, 16) : Number.NaN
  if (Number.isNaN(value)) throw new DigError(`Couldn't parse ${what}: "${text}" is not a valid number`)
  if (value > limit) throw new DigError(`Couldn't parse ${what}: ${text} is out of range, 0 to ${limit}`)
  return value
}

function hex(text: string, what: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) {
    throw new DigError(`Couldn't parse ${what}: "${text}" is not pairs of hexadecimal digits`)
  }
  return new Uint8Array(Buffer.from(text, 'hex'))
}

const OPTION_NAMES: Readonly<Record<string, number>> = {
  chain: EDNS_OPTION.chain,
  'client-tag': EDNS_OPTION.clientTag,
  cookie: EDNS_OPTION.cookie,
  dau: EDNS_OPTION.dau,
  dhu: EDNS_OPTION.dhu,
  ecs: EDNS_OPTION.clientSubnet,
  ede: EDNS_OPTION.extendedError,
  expire: EDNS_OPTION.expire,
  keepalive: EDNS_OPTION.tcpKeepalive,
  'key-tag': EDNS_OPTION.keyTag,
  llq: EDNS_OPTION.llq,
  n3u: EDNS_OPTION.n3u,
  nsid: EDNS_OPTION.nsid,
  padding: EDNS_OPTION.padding,
  'report-channel': EDNS_OPTION.reportChannel,
  'server-tag': EDNS_OPTION.serverTag,
  ul: EDNS_OPTION.updateLease,
}

function optionCode(text: string): number {
  const known = Object.hasOwn(OPTION_NAMES, text.toLowerCase()) ? OPTION_NAMES[text.toLowerCase()] : undefined
  return known ?? number(text, { what: 'EDNS option code', limit: 65_535 })
}

function subnet(text: string): { readonly address: string; readonly prefixLength: number } {
  const [start = '', length] = text.split('/')
  const address = text === '0' || text === '0/0' ? '0.0.0.0' : start
  const octets = parseAddress(address)
  if (octets === undefined)
    throw new DigError(`Couldn't parse subnet: "${text}" is not an address with a prefix length`)
  const limit = octets.length * 8
  const wanted = text === '0' ? '0' : (length ?? String(limit))
  return { address, prefixLength: number(wanted, { what: 'prefix length', limit }) }
}
