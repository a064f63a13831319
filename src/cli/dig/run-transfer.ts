// AXFR and IXFR: records as they come, then the size of the whole.
import type { Message } from '../../dns/index.ts'
import { transferZone } from '../../net/index.ts'
import { buildQuery } from './build-query.ts'
import { formatDigMessage } from './format-message.ts'
import { formatShort } from './format-short.ts'
import { formatYamlFailure, formatYamlMessage } from './format-yaml.ts'
import { formatStatistics } from './output.ts'
import { EXIT_NO_RESPONSE, EXIT_RESPONSE, printGreeting, timeoutMs } from './run.ts'
import type { Run } from './run.ts'
import type { Server } from './servers.ts'
import { DigError } from './usage.ts'

/** Runs a transfer from the first server that can be reached. @returns dig's exit code */
export async function runTransfer(name: string, run: Run): Promise<number> {
  const { settings, context, cookie, ednsVersion } = run
  if (context.place.from !== undefined) {
    throw new DigError(`Cannot transfer a zone from ${context.place.from}: transfers run on this machine only`)
  }
  const query = buildQuery({ ...settings, rd: false, ad: false }, { name, cookie, ednsVersion })
  for (const server of run.servers) {
    const size = { records: 0, messages: 0, octets: 0 }
    let soaCount = 0
    const startedAt = performance.now()
    const result = await transferZone({
      server,
      message: query,
      source: settings.source,
      drawId: () => settings.id ?? context.drawId(),
      timeoutMs: timeoutMs(settings, 'tcp'),
      serial: settings.ixfrSerial,
      onMessage(message, octets) {
        printGreeting(run)
        size.records += message.answer.length
        size.messages += 1
        size.octets += octets.length
        const answer = message.answer.filter(({ type }) => {
          if (type === 'SOA') soaCount += 1
          return type !== 'SOA' || soaCount === 1 || !settings.oneSoa
        })
        printPart({ ...message, answer }, { octets, query, server, rttMs: performance.now() - startedAt }, run)
      },
    })
    if (result.kind === 'complete') {
      const text = formatStatistics({ settings, server, transport: 'tcp', rttMs: result.rttMs, size })
      if (!settings.yaml) context.print(text)
      return EXIT_RESPONSE
    }
    if (result.kind === 'failed') {
      printGreeting(run)
      context.print(settings.yaml ? formatYamlFailure('Transfer failed.') : '; Transfer failed.\n')
      return EXIT_RESPONSE
    }
    const reason = result.kind === 'timeout' ? 'timed out' : result.detail
    if (!settings.yaml) context.print(`;; communications error to ${server.address}#${server.port}: ${reason}\n`)
    if (size.messages > 0) {
      if (!settings.yaml) context.print('; Transfer failed.\n')
      return EXIT_NO_RESPONSE
    }
  }
  printGreeting(run)
  context.print(settings.yaml ? formatYamlFailure('no servers could be reached') : ';; no servers could be reached\n')
  return EXIT_NO_RESPONSE
}

interface Part {
  readonly octets: Uint8Array
  readonly query: Message
  readonly server: Server
  readonly rttMs: number
}

/** Prints one message of a transfer: its records, and no header unless comments were asked for. */
function printPart(message: Message, { octets, query, server, rttMs }: Part, { settings, context }: Run): void {
  if (settings.yaml) {
    const receivedAt = new Date()
    const sentAt = new Date(receivedAt.getTime() - rttMs)
    const transport = 'tcp'
    context.print(
      formatYamlMessage(message, { settings, server, transport, sizeBytes: octets.length, sentAt, receivedAt }),
    )
  } else if (settings.short) {
    context.print(formatShort(message, settings, { server, rttMs }))
  } else {
    context.print(formatDigMessage(message, { settings, query, clientCookie: undefined, trailingOctets: 0 }))
  }
}
