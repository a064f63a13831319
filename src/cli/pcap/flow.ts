// `--flow N`: one transaction over all its legs, as a sequence of who sent what to whom, where it was seen and when.
import type { CaptureAnalysis, SeenMessage } from '../../analysis/index.ts'
import { describeAddress } from '../../analysis/index.ts'
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

/** Draws the steps: a column for each address in the order in which they appear, an arrow for each message. */
export function renderFlow(
  analysis: CaptureAnalysis,
  steps: readonly FlowStep[],
  known: AddressNames | undefined,
): string {
  const [first] = steps
  if (first === undefined) return ''
  const { addresses, paths, tunnels } = analysis.decoder
  const who = [...new Set(steps.flatMap(({ source, destination }) => [source, destination]))]
  const labels = who.map((id) => describeAddress(addresses.format(id), known))
  const width = Math.max(24, ...labels.map((label) => label.length + 3))
  const margin = ' '.repeat(21)
  const lines = [`${margin}${labels.map((label) => label.padEnd(width)).join('')}`.trimEnd()]
  for (const step of steps) {
    const [from, to] = [who.indexOf(step.source), who.indexOf(step.destination)]
    const [low, high] = [Math.min(from, to), Math.max(from, to)]
    const length = Math.max(1, (high - low) * width - 1)
    const line = '-'.repeat(Math.max(0, length - 1))
    const arrow = from <= to ? `${line}>` : `<${line}`
    const picture = `${' '.repeat(low * width)}|${arrow}|`
    const path = paths.get(step.path)
    const tunnel = [...tunnels.values()].find(({ index }) => index === path?.tunnel)
    const place = [
      ...(path === undefined ? [] : [`if ${path.interfaceIndex}`]),
      ...(path?.direction === 1 ? ['in'] : path?.direction === 2 ? ['out'] : []),
      ...(tunnel === undefined
        ? []
        : [`in ${tunnel.kind} ${addresses.format(tunnel.source)} > ${addresses.format(tunnel.destination)}`]),
    ].join(' ')
    const what = step.isResponse
      ? `${rcodeMnemonic(step.rcode)}, ${step.answers} answers, ${step.bytes} octets`
      : `query ${typeMnemonic(step.type)} id ${step.id}`
    const note = WHAT[step.role] ?? ''
    lines.push(
      `${formatTime(step.atMicros)}      ${picture}`,
      `  +${((step.atMicros - first.atMicros) / 1000).toFixed(3).padStart(9)} ms      ${' '.repeat(low * width)} ${step.transport} ${what}; frame ${step.frame}, ${place}${note === '' ? '' : ` (${note})`}`,
    )
  }
  return `${lines.join('\n')}\n`
}
