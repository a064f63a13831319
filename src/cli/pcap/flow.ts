// `--flow N`: one transaction over all its legs, as a sequence of who sent what to whom, where it was seen and when.
import type { CaptureAnalysis, SeenMessage } from '../../analysis/index.ts'
import { describeAddress, formatWireName } from '../../analysis/index.ts'
import type { AddressNames } from '../../analysis/index.ts'
import { rcodeMnemonic, typeMnemonic } from '../../dns/index.ts'
import { formatTime } from './transaction-table.ts'

/** A message of the flow, kept. */
export interface FlowStep {
  readonly frame: number
  readonly atMicros: number
  readonly source: number
  readonly sourcePort: number
  readonly destination: number
  readonly destinationPort: number
  readonly path: number
  readonly isResponse: boolean
  readonly role: string
  readonly transport: 'tcp' | 'udp'
  readonly id: number
  readonly type: number
  readonly rcode: number
  readonly answers: number
  readonly bytes: number
  /** In wire format. */
  readonly name: Uint8Array
}

const MAX_STEPS = 1000

/** Collects the messages of one transaction. */
export function collectFlow(number: number): {
  readonly steps: FlowStep[]
  readonly onMessage: (message: SeenMessage) => void
} {
  const steps: FlowStep[] = []
  return {
    steps,
    onMessage({ number: own, leg, scan, role, isResponse, octets }) {
      if (own !== number || steps.length >= MAX_STEPS) return
      steps.push({
        frame: leg.frame,
        atMicros: leg.atMicros,
        source: leg.source,
        sourcePort: leg.sourcePort,
        destination: leg.destination,
        destinationPort: leg.destinationPort,
        path: leg.path,
        isResponse,
        role,
        transport: leg.isTcp ? 'tcp' : 'udp',
        id: scan.id,
        type: scan.type,
        rcode: scan.rcode,
        answers: scan.answers,
        bytes: leg.bytes,
        name: octets.slice(scan.nameStart, scan.nameEnd),
      })
    },
  }
}

const WHAT: Readonly<Record<string, string>> = {
  new: '',
  repeat: 'asked again after the response',
  copy: 'the same packet, seen again',
  leg: 'the same query behind NAT',
  resend: 'sent again',
  response: '',
  conflict: 'says something else than the first response',
  strange: 'from an address that was not asked',
}

/** A transaction over all its legs, in words: text and page are made from it. */
export interface Flow {
  readonly number: number
  /** The name that was asked for, in presentation format. */
  readonly name: string
  /** Addresses in the order in which they appear, with their names where they are known. */
  readonly participants: readonly string[]
  readonly messages: readonly FlowMessage[]
}

export interface FlowMessage {
  readonly at: string
  /** After the first message. */
  readonly afterMs: string
  /** Places among the participants. */
  readonly from: number
  readonly to: number
  readonly isResponse: boolean
  readonly transport: 'tcp' | 'udp'
  readonly what: string
  readonly frame: number
  /** Interface, direction and tunnel. */
  readonly place: string
  /** What is not ordinary about it; else empty. */
  readonly note: string
}

/** Puts the steps into words; undefined when there are none. */
export function describeFlow(
  analysis: CaptureAnalysis,
  { number, steps, known }: { number: number; steps: readonly FlowStep[]; known: AddressNames | undefined },
): Flow | undefined {
  const [first] = steps
  if (first === undefined) return undefined
  const { addresses } = analysis.decoder
  const who = [...new Set(steps.flatMap(({ source, destination }) => [source, destination]))]
  return {
    number,
    name: first.name.length === 0 ? '(no question)' : formatWireName(first.name),
    participants: who.map((id) => describeAddress(addresses.format(id), known)),
    messages: steps.map((step) => ({
      at: formatTime(step.atMicros),
      afterMs: ((step.atMicros - first.atMicros) / 1000).toFixed(3),
      from: who.indexOf(step.source),
      to: who.indexOf(step.destination),
      isResponse: step.isResponse,
      transport: step.transport,
      what: step.isResponse
        ? `${rcodeMnemonic(step.rcode)}, ${step.answers} answers, ${step.bytes} octets`
        : `query ${typeMnemonic(step.type)} id ${step.id}`,
      frame: step.frame,
      place: placeOf(analysis, step),
      note: WHAT[step.role] ?? '',
    })),
  }
}

function placeOf({ decoder: { addresses, paths, tunnels } }: CaptureAnalysis, step: FlowStep): string {
  const path = paths.get(step.path)
  const tunnel = [...tunnels.values()].find(({ index }) => index === path?.tunnel)
  return [
    ...(path === undefined ? [] : [`if ${path.interfaceIndex}`]),
    ...(path?.direction === 1 ? ['in'] : path?.direction === 2 ? ['out'] : []),
    ...(tunnel === undefined
      ? []
      : [`in ${tunnel.kind} ${addresses.format(tunnel.source)} > ${addresses.format(tunnel.destination)}`]),
  ].join(' ')
}

/** Draws a flow as text: a column for each address, an arrow for each message. */
export function renderFlow({ number, name, participants, messages }: Flow): string {
  const width = Math.max(24, ...participants.map((label) => label.length + 3))
  const margin = ' '.repeat(21)
  const lines = [
    `transaction ${number}: ${name}`,
    '',
    `${margin}${participants.map((label) => label.padEnd(width)).join('')}`.trimEnd(),
  ]
  for (const { at, afterMs, from, to, transport, what, frame, place, note } of messages) {
    const [low, high] = [Math.min(from, to), Math.max(from, to)]
    const line = '-'.repeat(Math.max(0, (high - low) * width - 2))
    const arrow = from <= to ? `${line}>` : `<${line}`
    const indent = ' '.repeat(low * width)
    lines.push(
      `${at}      ${indent}|${arrow}|`,
      `  +${afterMs.padStart(9)} ms      ${indent} ${transport} ${what}; frame ${frame}, ${place}${note === '' ? '' : ` (${note})`}`,
    )
  }
  return `${lines.join('\n')}\n`
}
