// What a DNS server's own log says, as far as causes read it. Text in, plain data out.
import type { Hop } from './rung.ts'

/**
 * What a line of a log is a sign of:
 *
 * - `bind-failed`: `address`, `why`; an address could not be listened on
 * - `dial-failed`: `to`, `why`; a TCP connection could not be made (CoreDNS to the API server)
 * - `dnsmasq-limit`: `max`; kube-dns' dnsmasq refused queries
 * - `forbidden`: `verb`, `resource`, `group`; the API server refused a list or watch
 * - `loop`: `from`, `to`, `zone`; the loop plugin met its own query
 * - `max-concurrent`: `max`; forward refused queries
 * - `parse-failed`, `reload-failed`: `why`; a changed Corefile was not taken over
 * - `setup-failed`: `why`; a plugin could not be set up, the server did not start
 * - `sockets-exhausted`: `why`
 * - `unknown-directive`: `directive`, `place`
 * - `upstream-service-missing`: `service`, `variable` that its address would stand in, or `placeholder` that was not filled in; node-cache cannot find the Service it forwards to
 * - `waiting-for-api`: the kubernetes plugin started without the API server
 */
export type LogSign =
  | 'bind-failed'
  | 'dial-failed'
  | 'dnsmasq-limit'
  | 'forbidden'
  | 'loop'
  | 'max-concurrent'
  | 'parse-failed'
  | 'reload-failed'
  | 'setup-failed'
  | 'sockets-exhausted'
  | 'unknown-directive'
  | 'upstream-service-missing'
  | 'waiting-for-api'

/** A sign with its values, and how often it stands in the log. */
export interface LogFinding {
  readonly sign: LogSign
  readonly values: Readonly<Record<string, string>>
  readonly count: number
  /** The last such line, printable, at most {@link MAX_LINE} characters. */
  readonly line: string
}

/** A server's log, reduced to what it proves. */
export interface ServerLog {
  readonly hop: Hop
  /** True for the log of the container's previous run: it ended, the reason may stand there. */
  readonly isPrevious: boolean
  /** SHA-512 of the parsed Corefile that runs, in hexadecimal: of the last line that names it. */
  readonly configurationHash?: string
  /** Failed reads from upstreams by `ADDRESS:PORT`, each with how often it stands there. */
  readonly upstreamTimeouts: Readonly<Record<string, number>>
  /** In the order in which they first appear; at most {@link MAX_FINDINGS}. */
  readonly findings: readonly LogFinding[]
}

const MAX_LINE = 300
const MAX_FINDINGS = 64

const RUNNING_HASH = /Running configuration SHA512 = ([0-9a-f]{32,128})/g
/** `read udp 10.244.0.5:41012->1.2.4.8:53: i/o timeout`. */
const READ_TIMEOUT = /read (?:udp|tcp) \S+->(\S+:\d+): i\/o timeout/g

/** The first pattern that a line matches decides; groups are the values. */
const SIGNS: readonly { readonly sign: LogSign; readonly pattern: RegExp }[] = [
  { sign: 'loop', pattern: /Loop \((?<from>\S+) -> (?<to>\S+)\) detected for zone "(?<zone>[^"]*)"/ },
  { sign: 'reload-failed', pattern: /Corefile changed but reload failed: (?<why>.+)/ },
  { sign: 'parse-failed', pattern: /Corefile parse failed: (?<why>.+)/ },
  { sign: 'unknown-directive', pattern: /(?:(?<place>\S+:\d+) - .*)?Unknown directive '(?<directive>[^']*)'/ },
  {
    sign: 'bind-failed',
    pattern:
      /listen (?:tcp|udp)[46]? (?<address>\S+): bind: (?<why>address already in use|cannot assign requested address)/,
  },
  { sign: 'sockets-exhausted', pattern: /(?<why>too many open files|cannot assign requested address)/ },
  {
    sign: 'forbidden',
    pattern: /(?<resource>[\w.]+) is forbidden: .* cannot (?<verb>\w+) resource "[^"]*" in API group "(?<group>[^"]*)"/,
  },
  {
    sign: 'dial-failed',
    pattern: /dial tcp (?<to>\S+): (?<why>i\/o timeout|connect: [a-z ]+|connection refused|no route to host)/,
  },
  // This program's own server.
  {
    sign: 'dial-failed',
    pattern:
      /Cannot reach the API server https?:\/\/(?<to>\S+): (?<why>no answer within [\d.]+ s|connection refused|the connection timed out|no route to the (?:host|network))/,
  },
  { sign: 'max-concurrent', pattern: /concurrent queries exceeded maximum (?<max>\d+)/ },
  { sign: 'dnsmasq-limit', pattern: /Maximum number of concurrent DNS queries reached \(max: (?<max>\d+)\)/ },
  // This program's own node-cache, which ends.
  {
    sign: 'upstream-service-missing',
    pattern: /environment variable (?<variable>\w+)_SERVICE_HOST is not set; -upstreamsvc/,
  },
  // node-cache fills the placeholder in once it knows the address; what is left of it ends the server inside.
  {
    sign: 'upstream-service-missing',
    pattern: /not an IP address or file: "(?<placeholder>__PILLAR__CLUSTER__DNS__)"/,
  },
  { sign: 'upstream-service-missing', pattern: /Unable to lookup IP address of Upstream service (?<service>[\w.-]+)/ },
  {
    sign: 'waiting-for-api',
    pattern: /plugin\/kubernetes: .*(?:waiting for Kubernetes API|without fully synced|unsynced)/i,
  },
  {
    sign: 'setup-failed',
    pattern:
      /^(?:\S+ )?(?<why>(?:\/\S*Corefile:\d+ - )?Error during parsing: .+|plugin\/\w+: .*(?:error|unable|not|invalid|unknown).*)/i,
  },
]

/** Reads a log's text. */
export function readServerLog(hop: Hop, text: string, isPrevious: boolean = false): ServerLog {
  const hash = [...text.matchAll(RUNNING_HASH)].at(-1)?.[1]
  const upstreamTimeouts: Record<string, number> = {}
  for (const match of text.matchAll(READ_TIMEOUT)) {
    const to = match[1] ?? ''
    upstreamTimeouts[to] = (upstreamTimeouts[to] ?? 0) + 1
  }
  return {
    hop,
    isPrevious,
    ...(hash === undefined ? {} : { configurationHash: hash }),
    upstreamTimeouts,
    findings: readFindings(text),
  }
}

/** The findings of one sign in the logs of some servers, with the server that wrote each. */
export function findInLogs(
  logs: readonly ServerLog[],
  sign: LogSign,
  isOfInterest: (hop: Hop) => boolean = () => true,
): { readonly hop: Hop; readonly isPrevious: boolean; readonly finding: LogFinding }[] {
  return logs.flatMap(({ hop, isPrevious, findings }) =>
    isOfInterest(hop)
      ? findings.filter((finding) => finding.sign === sign).map((finding) => ({ hop, isPrevious, finding }))
      : [],
  )
}

function readFindings(text: string): LogFinding[] {
  const found = new Map<string, LogFinding>()
  for (const line of text.split('\n')) {
    for (const { sign, pattern } of SIGNS) {
      const match = pattern.exec(line)
      if (match === null) continue
      const values = Object.fromEntries(
        Object.entries(match.groups ?? {}).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, printable(value)]],
        ),
      )
      const key = `${sign} ${Object.values(values).join(' ')}`
      const count = (found.get(key)?.count ?? 0) + 1
      if (count > 1 || found.size < MAX_FINDINGS) found.set(key, { sign, values, count, line: printable(line.trim()) })
      break
    }
  }
  return [...found.values()]
}

/** A server's text must not move the cursor of the terminal it is shown on. */
function printable(text: string): string {
  return text.slice(0, MAX_LINE).replaceAll(/[^\P{Cc}\t]/gu, '\u{FFFD}')
}
