// A message as dig's YAML.
import { EDNS_OPTION, extendedErrorName, readExtendedError } from '../../dns/index.ts'
import type { Edns, EdnsOption, Message, ResourceRecord } from '../../dns/index.ts'
import { formatName } from '../../dns/index.ts'
import type { Transport } from '../../net/index.ts'
import { ednsFlags, formatOption } from './format-edns.ts'
import { headerFlags, opcodeText, rcodeText } from './format-message.ts'
import { formatPlainRecord } from './format-record.ts'
import type { Server } from './servers.ts'
import type { Settings } from './settings.ts'

export interface YamlContext {
  readonly settings: Settings
  readonly server: Server
  readonly transport: Transport
  readonly sizeBytes: number
  readonly sentAt: Date
  /** Undefined for a query. */
  readonly receivedAt: Date | undefined
  readonly clientCookie?: Uint8Array | undefined
}

/** One item of the YAML list, with a final newline. */
export function formatYamlMessage(message: Message, context: YamlContext): string {
  const { settings, server, transport, receivedAt } = context
  const isIpv6 = server.address.includes(':')
  const direction = receivedAt === undefined ? 'QUERY' : 'RESPONSE'
  const isRecursive = receivedAt === undefined ? message.flags.rd : message.flags.ra
  const lines = [
    '- type: MESSAGE',
    '  message:',
    `    type: ${isRecursive ? 'RECURSIVE' : 'AUTH'}_${direction}`,
    `    query_time: !!timestamp ${context.sentAt.toISOString()}`,
    ...(receivedAt === undefined ? [] : [`    response_time: !!timestamp ${receivedAt.toISOString()}`]),
    `    message_size: ${context.sizeBytes}b`,
    `    socket_family: ${isIpv6 ? 'INET6' : 'INET'}`,
    `    socket_protocol: ${transport.toUpperCase()}`,
    `    response_address: "${server.address}"`,
    `    response_port: ${server.port}`,
    `    query_address: "${settings.source?.address ?? (isIpv6 ? '::' : '0.0.0.0')}"`,
    `    query_port: ${settings.source?.port ?? 0}`,
    `    ${direction.toLowerCase()}_message_data:`,
    ...indent(6, headerLines(message)),
    ...indent(6, settings.showComments && message.edns !== undefined ? ednsLines(message.edns, context) : []),
    ...indent(6, sectionLines(message, settings)),
  ]
  return `${lines.join('\n')}\n`
}

/** The item for a lookup that came to nothing. */
export function formatYamlFailure(what: string): string {
  return `- type: DIG_ERROR\n  message: |\n    ${what}\n`
}

function headerLines(message: Message): string[] {
  const { flags, question, answer, authority, additional, edns } = message
  return [
    `opcode: ${opcodeText(message)}`,
    `status: ${rcodeText(message).replace('?', '')}`,
    `id: ${message.id}`,
    `flags:${headerFlags(flags)}`,
    ...(flags.z ? ['MBZ: 0x4'] : []),
    `QUESTION: ${question.length}`,
    `ANSWER: ${answer.length}`,
    `AUTHORITY: ${authority.length}`,
    `ADDITIONAL: ${additional.length + (edns === undefined ? 0 : 1)}`,
  ]
}

function ednsLines(edns: Edns, { clientCookie }: YamlContext): string[] {
  const { names, unknown } = ednsFlags(edns)
  return [
    'OPT_PSEUDOSECTION:',
    '  EDNS:',
    ...indent(4, [
      `version: ${edns.version}`,
      `flags:${names}`,
      ...(unknown === 0 ? [] : [`MBZ: 0x${unknown.toString(16).padStart(4, '0')}`]),
      `udp: ${edns.udpPayloadSize}`,
      ...edns.options.flatMap((option) => optionLines(option, clientCookie)),
    ]),
  ]
}

/** YAML needs keys without spaces, and an extended error's two fields apart. */
function optionLines(option: EdnsOption, clientCookie: Uint8Array | undefined): string[] {
  const error = option.code === EDNS_OPTION.extendedError ? readExtendedError(option) : undefined
  if (error === undefined) return [formatOption(option, { clientCookie }).replace('TCP KEEPALIVE', 'TCP-KEEPALIVE')]
  const name = extendedErrorName(error.infoCode)
  return [
    'EDE:',
    `  INFO-CODE: ${error.infoCode}${name === undefined ? '' : ` (${name})`}`,
    ...(error.extraText === '' ? [] : [`  EXTRA-TEXT: ${JSON.stringify(error.extraText)}`]),
  ]
}

function sectionLines(message: Message, settings: Settings): string[] {
  const section = (title: string, isShown: boolean, items: readonly string[]): string[] =>
    isShown && items.length > 0
      ? [`${title}_SECTION:`, ...items.map((item) => `  - '${item.replaceAll("'", "''")}'`)]
      : []
  const records = (list: readonly ResourceRecord[]): string[] =>
    list.map((record) => formatPlainRecord(record, { ...settings, multiline: false }))
  const questions = message.question.map(({ name, class: rrclass, type }) => `${formatName(name)} ${rrclass} ${type}`)
  return [
    ...section('QUESTION', settings.showQuestion, questions),
    ...section('ANSWER', settings.showAnswer, records(message.answer)),
    ...section('AUTHORITY', settings.showAuthority, records(message.authority)),
    ...section('ADDITIONAL', settings.showAdditional, records(message.additional)),
  ]
}

function indent(spaces: number, lines: readonly string[]): string[] {
  return lines.map((line) => `${' '.repeat(spaces)}${line}`)
}
