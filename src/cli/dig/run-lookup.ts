// One lookup from its settings to what is printed: attempts, retries, the change to TCP, the search list.
import { EDNS_OPTION, decodeMessageAndTrailer, encodeMessage, findOption } from '../../dns/index.ts'
import type { Message } from '../../dns/index.ts'
import type { ExchangeResult } from '../../net/index.ts'
import { buildQuery } from './build-query.ts'
import { formatDigMessage } from './format-message.ts'
import { formatShort } from './format-short.ts'
import { formatYamlFailure, formatYamlMessage } from './format-yaml.ts'
import { formatFault, formatGreeting, formatStatistics, formatStray } from './output.ts'
import { namesToTry } from './search.ts'
import { findServers } from './servers.ts'
import type { Server } from './servers.ts'
import type { Settings } from './settings.ts'
import { runTransfer } from './run-transfer.ts'
import { EXIT_NO_RESPONSE, EXIT_RESPONSE, printGreeting, timeoutMs } from './run.ts'
import type { LookupContext, Run } from './run.ts'

/**
 * Runs one lookup.
 *
 * @returns dig's exit code: 0 when a response came, whatever its rcode, 9 when none did
 * @throws {DigError} when there is no server @throws {TextError} for a name that is none
 */
export async function runLookup(settings: Settings, context: LookupContext): Promise<number> {
  const names = namesToTry(settings, context.place.conf)
  const servers = await findServers(settings, context.place)
  const run: Run = {
    settings,
    context,
    servers,
    transport: settings.tcp ? 'tcp' : 'udp',
    cookie: settings.cookie ?? context.clientCookie,
    ednsVersion: settings.ednsVersion,
    greeting:
      context.greetingArgs === undefined || !settings.showCommand || settings.short || settings.yaml
        ? ''
        : formatGreeting(context.greetingArgs, settings.server === undefined ? undefined : servers.length),
  }
  if (settings.type === 'AXFR' || settings.type === 'IXFR') return runTransfer(names[0] ?? '.', run)
  for (const [index, name] of names.entries()) {
    const answered = await ask(name, run)
    if (answered === undefined) {
      printGreeting(run)
      context.print(
        settings.yaml ? formatYamlFailure('no servers could be reached') : ';; no servers could be reached\n',
      )
      return EXIT_NO_RESPONSE
    }
    const isLast = index === names.length - 1 || answered.message.rcode === 'NOERROR'
    if (isLast || settings.showSearch) printResponse(answered, run)
    if (isLast) break
  }
  return EXIT_RESPONSE
}

type Response = Extract<ExchangeResult, { kind: 'response' }>

interface Answered extends Response {
  readonly query: Message
  readonly server: Server
  readonly sentAt: Date
}

/** Asks each server in turn, `tries` times over, until one responds. */
async function ask(name: string, run: Run): Promise<Answered | undefined> {
  const { settings, servers, context } = run
  for (let attempt = 0; attempt < settings.tries; attempt += 1) {
    for (const [index, server] of servers.entries()) {
      const answered = await askServer(name, server, run)
      if (answered === undefined) continue
      const isLastServer = index === servers.length - 1
      if (answered.message.rcode === 'SERVFAIL' && !settings.stopAtServfail && !isLastServer) {
        context.print(`;; Got SERVFAIL reply from ${server.address}#${server.port}, trying next server\n`)
        continue
      }
      return answered
    }
  }
  return undefined
}

/** Asks one server, again where its response says how to ask better. */
async function askServer(name: string, server: Server, run: Run): Promise<Answered | undefined> {
  const { settings, context } = run
  // Truncation, version and cookie can each ask for one more attempt.
  for (let round = 0; round < 4; round += 1) {
    const { cookie, ednsVersion, transport } = run
    const id = settings.id ?? context.drawId()
    const query: Message = { ...buildQuery(settings, { name, cookie, ednsVersion }), id }
    if (settings.showQuery) printQuery(query, server, run)
    const sentAt = new Date()
    const result = await context.place.exchange({
      server,
      message: query,
      transport,
      timeoutMs: timeoutMs(settings, transport),
      source: settings.source,
      drawId: () => id,
      onStray: (stray) => {
        if (!settings.yaml) context.print(formatStray(stray, id, server))
      },
    })
    if (result.kind !== 'response') {
      if (!settings.yaml) context.print(formatFault(result, server, name))
      return undefined
    }
    const answered: Answered = { ...result, query, server, sentAt }
    const reason = reasonToAskAgain(answered, run)
    if (reason === undefined) return answered
    if (!settings.yaml) context.print(`;; ${reason}\n`)
  }
  return undefined
}

/** Changes the run so that the next attempt does better, and says what changed; undefined when the response stands. */
function reasonToAskAgain({ message, query, transport }: Answered, run: Run): string | undefined {
  const { settings } = run
  if (message.flags.tc && transport === 'udp' && !settings.ignoreTruncation) {
    run.transport = 'tcp'
    return 'Truncated, retrying in TCP mode.'
  }
  const { ednsVersion } = run
  if (
    message.rcode === 'BADVERS' &&
    settings.retryBadVersion &&
    ednsVersion !== undefined &&
    message.edns !== undefined
  ) {
    if (message.edns.version < ednsVersion) {
      run.ednsVersion = message.edns.version
      return `BADVERS, retrying with EDNS version ${message.edns.version}.`
    }
  }
  const received = findOption(message.edns, EDNS_OPTION.cookie)?.octets
  if (message.rcode === 'BADCOOKIE' && settings.retryBadCookie && received !== undefined && received.length > 8) {
    const sent = findOption(query.edns, EDNS_OPTION.cookie)?.octets ?? new Uint8Array(0)
    // A second BADCOOKIE for the very cookie that the server gave: over TCP it needs none (RFC 7873 §5.3).
    if (sent.length > 8 && transport === 'udp') run.transport = 'tcp'
    else if (sent.length > 8) return undefined
    run.cookie = received
    return `BADCOOKIE, retrying${run.transport === 'tcp' ? ' in TCP mode' : ''}.`
  }
  return undefined
}

// --- Printing ---

function printQuery(query: Message, server: Server, run: Run): void {
  const { settings, context, transport } = run
  const size = encodeMessage(query).length
  if (settings.yaml) {
    const sentAt = new Date()
    context.print(
      formatYamlMessage(query, { settings, server, transport, sizeBytes: size, sentAt, receivedAt: undefined }),
    )
    return
  }
  if (settings.short) return
  printGreeting(run)
  const text = formatDigMessage(query, { settings, query: undefined, clientCookie: undefined, trailingOctets: 0 })
  context.print(text)
  if (settings.showStatistics) context.print(`;; QUERY SIZE: ${size}\n\n`)
}

function printResponse({ message, octets, query, server, rttMs, transport, sentAt }: Answered, run: Run): void {
  const { settings, context } = run
  const sentCookie = findOption(query.edns, EDNS_OPTION.cookie)?.octets.subarray(0, 8)
  if (settings.yaml) {
    const receivedAt = new Date(sentAt.getTime() + rttMs)
    context.print(
      formatYamlMessage(message, {
        settings,
        server,
        transport,
        sizeBytes: octets.length,
        sentAt,
        receivedAt,
        clientCookie: sentCookie,
      }),
    )
    return
  }
  if (isCookieForeign(message, sentCookie)) context.print(';; Warning: Client COOKIE mismatch\n')
  if (settings.short) {
    context.print(formatShort(message, settings, { server, rttMs }))
    return
  }
  printGreeting(run)
  const { trailingOctets } = decodeMessageAndTrailer(octets)
  context.print(formatDigMessage(message, { settings, query, clientCookie: sentCookie, trailingOctets }))
  context.print(formatStatistics({ settings, server, transport, rttMs, size: octets.length, from: context.place.from }))
}

function isCookieForeign(message: Message, sent: Uint8Array | undefined): boolean {
  const received = findOption(message.edns, EDNS_OPTION.cookie)?.octets
  return sent !== undefined && received !== undefined && !Buffer.from(received.subarray(0, 8)).equals(sent)
}
