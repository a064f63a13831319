// `--flow N`: one transaction over all its legs, as a sequence of who sent what to whom, where it was seen and when.
import type { CaptureAnalysis } from '../../analysis/index.ts'
import { describeAddress, formatWireName } from '../../analysis/index.ts'
import type { AddressNames } from '../../analysis/index.ts'
import type { FlowStep } from './collect-flow.ts'
import { formatTime } from './transaction-table.ts'

/** A transaction over all its legs, in words: text and page are made from it. */
export interface Flow {
  readonly number: number
  /** The name that was asked for, in presentation format. */
  readonly name: string
  /** Addresses of who asks, of who is asked, and of others, with their names where they are known. */
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
  readonly transport: 'icmp' | 'tcp' | 'udp'
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
  { number, steps: unordered, known }: { number: number; steps: readonly FlowStep[]; known: AddressNames | undefined },
): Flow | undefined {
  const steps = unordered.toSorted((a, b) => a.frame - b.frame)
  const [first] = steps
  const name = steps.find((step) => step.name.length > 0)?.name
  if (first === undefined) return undefined
  const { addresses } = analysis.decoder
  // Who asks stands left, under each of its addresses, who is asked right: queries point to the right.
  const queries = steps.filter(({ isResponse }) => !isResponse)
  const all = [
    ...queries.map(({ source }) => source),
    ...queries.map(({ destination }) => destination),
    ...steps.flatMap(({ source, destination }) => [source, destination]),
  ]
  const who = [...new Set(all)]
  return {
    number,
    name: name === undefined ? '(no question)' : formatWireName(name),
    participants: who.map((id) => describeAddress(addresses.format(id), known)),
    messages: steps.map((step) => ({
      at: formatTime(step.atMicros),
      afterMs: ((step.atMicros - first.atMicros) / 1000).toFixed(3),
      from: who.indexOf(step.source),
      to: who.indexOf(step.destination),
      isResponse: step.isResponse,
      transport: step.transport,
      what: step.what,
      frame: step.frame,
      place: placeOf(analysis, step),
      note: step.note,
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
