// What a DNS server's own log says, as far as causes read it. Text in, plain data out.
import type { Hop } from './rung.ts'

/** A server's log, reduced to what it proves. */
export interface ServerLog {
  readonly hop: Hop
  /** SHA-512 of the parsed Corefile that runs, in hexadecimal: of the last line that names it. */
  readonly configurationHash?: string
  /** Failed reads from upstreams by `ADDRESS:PORT`, each with how often it stands there. */
  readonly upstreamTimeouts: Readonly<Record<string, number>>
}

const RUNNING_HASH = /Running configuration SHA512 = ([0-9a-f]{32,128})/g
/** `read udp 10.244.0.5:41012->1.2.4.8:53: i/o timeout`. */
const READ_TIMEOUT = /read (?:udp|tcp) \S+->(\S+:\d+): i\/o timeout/g

/** Reads a log's text. */
export function readServerLog(hop: Hop, text: string): ServerLog {
  const hash = [...text.matchAll(RUNNING_HASH)].at(-1)?.[1]
  const upstreamTimeouts: Record<string, number> = {}
  for (const match of text.matchAll(READ_TIMEOUT)) {
    const to = match[1] ?? ''
    upstreamTimeouts[to] = (upstreamTimeouts[to] ?? 0) + 1
  }
  return { hop, ...(hash === undefined ? {} : { configurationHash: hash }), upstreamTimeouts }
}
