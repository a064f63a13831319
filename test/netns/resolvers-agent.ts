// Runs as a process of its own inside a namespace: scripted nameservers on loopback addresses, port 53, and one real resolver at a time
// that asks them. A job is a line of JSON on standard input, what came of it a line of JSON on standard output.
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import type { LookupAddress } from 'node:dns'
import { Resolver, lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { decodeMessage, encodeMessage, isSubdomain, response } from '../../src/dns/index.ts'
import type { Message, ResourceRecord } from '../../src/dns/index.ts'
import { createFrameSplitter, frameMessage } from '../../src/net/index.ts'
import type { QuestionTo, ServerAct, Transport } from '../../src/route/index.ts'
import { rr } from '../support/records.ts'
import { startResolved, stopResolved } from './resolved-process.ts'
import type { ResolvedSetup } from './resolved-process.ts'

/** dns.lookup and dns.resolve4/6 of the agent's own Node: a Node for each run would cost half a second. */
export const NODE_LOOKUP = 'dns.lookup'
export const NODE_RESOLVE = 'dns.resolve'

/** What a nameserver does with questions; the first rule that fits decides, where none does: NXDOMAIN. */
export interface ActRule {
  readonly act: ServerAct
  readonly nameserver?: string
  /** This name and those below it. */
  readonly zone?: string
  readonly type?: string
  readonly transport?: Transport
}

/** One run of a real resolver. */
export interface Job {
  readonly resolvConf: string
  readonly rules: readonly ActRule[]
  /** A program with its arguments, or NODE_LOOKUP or NODE_RESOLVE with a name. */
  readonly command: readonly string[]
  /** Set: a fresh systemd-resolved stands between, and the resolv.conf is the one that it writes for its stub. */
  readonly resolved?: ResolvedSetup
}

export interface SeenQuery {
  readonly nameserver: string
  readonly name: string
  readonly type: string
  readonly transport: Transport
  /** Whether it had an OPT record. */
  readonly edns: boolean
  /** Since the resolver was started. */
  readonly atMs: number
}

/** What came of it. */
export interface JobReport {
  readonly queries: readonly SeenQuery[]
  readonly output: string
  readonly tookMs: number
}

/** Finds what a nameserver does with a question. */
export function actOf(rules: readonly ActRule[], asked: QuestionTo): ServerAct {
  const rule = rules.find(
    ({ nameserver, zone, type, transport }) =>
      (nameserver === undefined || nameserver === asked.nameserver) &&
      (zone === undefined || isSubdomain(asked.name, zone)) &&
      (type === undefined || type === asked.type) &&
      (transport === undefined || transport === asked.transport),
  )
  return rule?.act ?? 'nxdomain'
}

/** The addresses that have servers; every other one of 127.0.0.0/8 refuses connections. */
export const SERVERS: readonly string[] = ['127.0.0.1', '127.0.0.11', '127.0.0.12', '127.0.0.13', '127.0.0.14', '::1']

/** `/etc/netns/NAME/resolv.conf` of the namespace that this process is in. */
const RESOLV_CONF = process.argv[2] ?? ''

let job: Job = { resolvConf: '', rules: [], command: [] }
let startedAt = 0
let queries: SeenQuery[] = []

function react(nameserver: string, octets: Uint8Array, transport: Transport): Uint8Array | undefined {
  const message = readQuery(octets)
  const question = message?.question[0]
  if (message === undefined || question === undefined) return undefined
  const { type } = question
  const name = question.name.toLowerCase()
  const edns = message.edns !== undefined
  queries.push({ nameserver, name, type, transport, edns, atMs: performance.now() - startedAt })
  const reply = responseFor(message, actOf(job.rules, { nameserver, name, type, transport }))
  return reply === undefined ? undefined : encodeMessage(reply)
}

/** Undefined for what is no message: musl sends such for a search domain ".". */
function readQuery(octets: Uint8Array): Message | undefined {
  try {
    return decodeMessage(octets)
  } catch {
    return undefined
  }
}

function responseFor(message: Message, act: ServerAct): Message | undefined {
  const [question] = message.question
  const name = question?.name ?? '.'
  const records: Readonly<Record<string, readonly ResourceRecord[]>> = {
    A: [rr(`${name} 5 IN A 192.0.2.1`)],
    AAAA: [rr(`${name} 5 IN AAAA 2001:db8::1`)],
    PTR: [rr(`${name} 5 IN PTR host.example.`)],
  }
  // As servers do that know EDNS: an OPT record is answered with one (RFC 6891 §6.1.1).
  const edns = message.edns === undefined ? undefined : { ...message.edns, options: [] }
  switch (act) {
    case 'answers':
      return response(message, { ra: true, edns, answer: records[question?.type ?? ''] ?? [] })
    case 'nodata':
      return response(message, { ra: true, edns })
    case 'lame':
      return response(message, { edns })
    case 'truncated':
      return response(message, { ra: true, tc: true, edns })
    case 'silent':
      return undefined
    default:
      return response(message, { ra: true, rcode: act.toUpperCase(), edns })
  }
}

async function listen(address: string): Promise<void> {
  const udp = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', ipv6Only: address.includes(':') })
  udp.on('message', (octets, from) => {
    const reply = react(address, octets, 'udp')
    if (reply !== undefined) udp.send(reply, from.port, from.address)
  })
  udp.bind(53, address)
  await once(udp, 'listening')
  const tcp = createServer((connection) => {
    connection.on('error', () => connection.destroy())
    const splitter = createFrameSplitter((octets) => {
      const reply = react(address, octets, 'tcp')
      if (reply !== undefined) connection.write(frameMessage(reply))
    })
    connection.on('data', (chunk: Buffer) => splitter.push(chunk))
  })
  tcp.listen(53, address)
  await once(tcp, 'listening')
}

async function runJob(next: Job): Promise<JobReport> {
  job = next
  // In place: it is the file that "ip netns exec" shows as /etc/resolv.conf. That name itself might be the machine's own file.
  writeFileSync(RESOLV_CONF, job.resolved === undefined ? job.resolvConf : '')
  // systemd-resolved would read a foreign file; its own is written after it.
  if (job.resolved !== undefined) writeFileSync(RESOLV_CONF, await startResolved(job.resolved))
  queries = []
  const [program = '', ...args] = job.command
  const [name = ''] = args
  startedAt = performance.now()
  const output =
    program === NODE_LOOKUP
      ? await lookup(name, { all: true }).then(showAddresses, codeOf)
      : program === NODE_RESOLVE
        ? await resolveBoth(name)
        : await runProgram(program, args)
  const tookMs = performance.now() - startedAt
  await stopResolved()
  return { queries, output, tookMs }
}

async function runProgram(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (part: Buffer) => (output += part.toString()))
  child.stderr.on('data', (part: Buffer) => (output += part.toString()))
  child.on('error', (error) => (output += error.message))
  await once(child, 'close')
  return output
}

/** Resolvers of their own: Node's default one has read resolv.conf long ago, and failures of one call move the other's nameservers. */
async function resolveBoth(name: string): Promise<string> {
  const found = await Promise.all([
    new Resolver().resolve4(name).then(String, codeOf),
    new Resolver().resolve6(name).then(String, codeOf),
  ])
  return found.join(' ')
}

function showAddresses(addresses: readonly LookupAddress[]): string {
  return addresses.map(({ address }) => address).join(' ')
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code)
}

async function main(): Promise<void> {
  await Promise.all(SERVERS.map(listen))
  for await (const line of createInterface({ input: process.stdin })) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the test writes exactly this
    process.stdout.write(`${JSON.stringify(await runJob(JSON.parse(line) as Job))}\n`)
  }
  process.exit(0)
}

// Imported by the test for its types and rules, it does nothing.
if (/^\/etc\/netns\/[^/]+\/resolv\.conf$/.test(RESOLV_CONF)) void main()
