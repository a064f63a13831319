// What one lookup of `fathom dig` is to do: the outcome of reading the command line, with dig's defaults.
import type { EdnsOption } from '../../dns/index.ts'

export interface Settings {
  // --- The question ---
  name: string
  type: string
  class: string
  /** Serial for IXFR. */
  ixfrSerial: number | undefined
  typeWasSet: boolean
  classWasSet: boolean
  // --- Whom to ask, and how ---
  /** As given after `@`, port included; undefined: the nameservers of resolv.conf. */
  server: string | undefined
  port: number
  family: 4 | 6 | undefined
  source: { readonly address?: string | undefined; readonly port?: number | undefined } | undefined
  tcp: boolean
  tcpWasSet: boolean
  /** Seconds for each attempt; undefined: 5 over UDP, 10 over TCP. */
  timeoutSeconds: number | undefined
  tries: number
  ignoreTruncation: boolean
  stopAtServfail: boolean
  retryBadCookie: boolean
  retryBadVersion: boolean
  showBadCookie: boolean
  keepOpen: boolean
  // --- The query's header and OPT record ---
  id: number | undefined
  opcode: number
  rd: boolean
  aa: boolean
  ad: boolean
  cd: boolean
  tc: boolean
  ra: boolean
  z: boolean
  headerOnly: boolean
  /** EDNS version; undefined: no OPT record. */
  ednsVersion: number | undefined
  udpPayloadSize: number | undefined
  ednsFlags: number
  dnssecOk: boolean
  compactOk: boolean
  nsid: boolean
  expire: boolean
  keepalive: boolean
  /** Octets to which the query is padded; 0: not. */
  paddingBlock: number
  /** Address and prefix length. */
  subnet: { readonly address: string; readonly prefixLength: number } | undefined
  sendCookie: boolean
  /** Undefined: an unpredictable one. */
  cookie: Uint8Array | undefined
  ednsOptions: readonly EdnsOption[]
  // --- The search list ---
  search: boolean
  showSearch: boolean
  domain: string | undefined
  ndots: number | undefined
  // --- What is printed ---
  short: boolean
  identify: boolean
  showCommand: boolean
  showComments: boolean
  commentsWereSet: boolean
  showQuestion: boolean
  questionWasSet: boolean
  showAnswer: boolean
  showAuthority: boolean
  showAdditional: boolean
  showStatistics: boolean
  showQuery: boolean
  showTtl: boolean
  ttlUnits: boolean
  showClass: boolean
  showCrypto: boolean
  /** Undefined: only with `multiline`. */
  recordComments: boolean | undefined
  multiline: boolean
  /** Characters between spaces in hexadecimal and base64; undefined: as the layout has it; 0: no spaces. */
  splitWidth: number | undefined
  expandAaaa: boolean
  unknownFormat: boolean
  oneSoa: boolean
  yaml: boolean
  microseconds: boolean
  bestEffort: boolean
}

/** The defaults of dig 9.18. */
export function defaultSettings(): Settings {
  return {
    name: '.',
    type: 'A',
    class: 'IN',
    ixfrSerial: undefined,
    typeWasSet: false,
    classWasSet: false,
    server: undefined,
    port: 53,
    family: undefined,
    source: undefined,
    tcp: false,
    tcpWasSet: false,
    timeoutSeconds: undefined,
    tries: 3,
    ignoreTruncation: false,
    stopAtServfail: true,
    retryBadCookie: true,
    retryBadVersion: true,
    showBadCookie: false,
    keepOpen: false,
    id: undefined,
    opcode: 0,
    rd: true,
    aa: false,
    ad: true,
    cd: false,
    tc: false,
    ra: false,
    z: false,
    headerOnly: false,
    ednsVersion: 0,
    udpPayloadSize: undefined,
    ednsFlags: 0,
    dnssecOk: false,
    compactOk: false,
    nsid: false,
    expire: false,
    keepalive: false,
    paddingBlock: 0,
    subnet: undefined,
    sendCookie: true,
    cookie: undefined,
    ednsOptions: [],
    search: false,
    showSearch: false,
    domain: undefined,
    ndots: undefined,
    short: false,
    identify: false,
    showCommand: true,
    showComments: true,
    commentsWereSet: false,
    showQuestion: true,
    questionWasSet: false,
    showAnswer: true,
    showAuthority: true,
    showAdditional: true,
    showStatistics: true,
    showQuery: false,
    showTtl: true,
    ttlUnits: false,
    showClass: true,
    showCrypto: true,
    recordComments: undefined,
    multiline: false,
    splitWidth: undefined,
    expandAaaa: false,
    unknownFormat: false,
    oneSoa: false,
    yaml: false,
    microseconds: false,
    bestEffort: true,
  }
}
