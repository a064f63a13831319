// What is seen of one transaction while a capture is read: its messages, TCP segments of them that were sent again, ICMP errors.
import type { SeenMessage, SeenRejection, SeenSegment, StreamPart } from '../../analysis/index.ts'
import type { TcpConnection } from '../../capture/index.ts'
import { rcodeMnemonic, typeMnemonic } from '../../dns/index.ts'

/** A message of the flow, or a part of one, kept. */
export interface FlowStep {
  readonly frame: number
  readonly atMicros: number
  readonly source: number
  readonly destination: number
  readonly path: number
  readonly isResponse: boolean
  readonly transport: 'icmp' | 'tcp' | 'udp'
  readonly what: string
  /** What is not ordinary about it; else empty. */
  readonly note: string
  /** In wire format; empty where it is not a message. */
  readonly name: Uint8Array
}

/** Collects what belongs to one transaction; `steps` is for the end of the capture. */
export interface FlowCollector {
  readonly steps: () => readonly FlowStep[]
  readonly onMessage: (message: SeenMessage) => void
  readonly onRejection: (rejection: SeenRejection) => void
  readonly onResent: (segment: SeenSegment) => void
}

const MAX_STEPS = 1000
/** Other transactions' messages in the connections of this one. */
const MAX_OTHERS = 4096

/** Collects the messages of one transaction, their segments that were sent again, and the ICMP errors that end it. */
export function collectFlow(number: number): FlowCollector {
  const steps: FlowStep[] = []
  const own: StreamPart[] = []
  const others: StreamPart[] = []
  const resent: SeenSegment[] = []
  const connections = new Set<TcpConnection>()
  return {
    steps: () => [...steps.map((step) => withResent(step, resent)), ...resentSteps(steps, { own, others, resent })],
    onMessage(message) {
      const { stream } = message
      if (message.number !== number) {
        if (stream !== undefined && others.length < MAX_OTHERS && connections.has(stream.connection))
          others.push(stream)
        return
      }
      if (steps.length >= MAX_STEPS) return
      steps.push(messageStep(message))
      if (stream === undefined) return
      own.push(stream)
      connections.add(stream.connection)
    },
    onRejection({ number: rejected, meaning, isCopy, frame, atMicros, source, destination, path }) {
      if (rejected !== number || steps.length >= MAX_STEPS) return
      steps.push({
        frame,
        atMicros,
        source,
        destination,
        path,
        isResponse: true,
        transport: 'icmp',
        what: meaning.replaceAll('-', ' '),
        note: isCopy ? 'the same error, seen again' : '',
        name: new Uint8Array(),
      })
    },
    onResent(segment) {
      // A query that such a segment made whole, or a part of which it was, is told after it: the last few are kept in any case.
      if (connections.size > 0 && !connections.has(segment.connection)) return
      if (resent.length < MAX_STEPS) resent.push(segment)
      else if (connections.size === 0) resent.splice(0, 1, segment)
    },
  }
}

function messageStep({ leg, scan, role, isResponse, octets, stream }: SeenMessage): FlowStep {
  const syns = isResponse ? 0 : (stream?.connection.syns ?? 0)
  return {
    frame: leg.frame,
    atMicros: leg.atMicros,
    source: leg.source,
    destination: leg.destination,
    path: leg.path,
    isResponse,
    transport: leg.isTcp ? 'tcp' : 'udp',
    what: isResponse
      ? `${rcodeMnemonic(scan.rcode)}, ${scan.answers} answers, ${leg.bytes} octets`
      : `query ${typeMnemonic(scan.type)} id ${scan.id}`,
    note: [WHAT[role] ?? '', syns > 1 ? `the SYN before it was sent ${syns} times` : '']
      .filter((note) => note !== '')
      .join('; '),
    name: octets.slice(scan.nameStart, scan.nameEnd),
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

// --- TCP segments that were sent again ---

/** The message that such a segment made whole has no other step for it. */
function withResent(step: FlowStep, resent: readonly SeenSegment[]): FlowStep {
  if (step.transport !== 'tcp' || !resent.some(({ frame }) => frame === step.frame)) return step
  const note = 'whole only with this segment, sent again'
  return { ...step, note: step.note === '' ? note : `${step.note}; ${note}` }
}

interface Parts {
  readonly own: readonly StreamPart[]
  readonly others: readonly StreamPart[]
  readonly resent: readonly SeenSegment[]
}

/** Segments with octets of the transaction's own messages, or of a response in its connection that never became whole. */
function resentSteps(steps: readonly FlowStep[], { own, others, resent }: Parts): FlowStep[] {
  const frames = new Set(steps.map(({ frame }) => frame))
  return resent.flatMap((segment): FlowStep[] => {
    if (frames.has(segment.frame)) return []
    const isOwn = own.some((part) => overlaps(part, segment))
    const { connection, isFromClient } = segment
    const asked = own.some((part) => part.isFromClient && part.connection === connection)
    const answered = own.some((part) => !part.isFromClient && part.connection === connection)
    const isUnfinished = !isFromClient && asked && !answered && !others.some((part) => overlaps(part, segment))
    if (!isOwn && !isUnfinished) return []
    const octets = (segment.endSequence - segment.startSequence) >>> 0
    return [
      {
        frame: segment.frame,
        atMicros: segment.atMicros,
        source: segment.source,
        destination: segment.destination,
        path: segment.path,
        isResponse: !isFromClient,
        transport: 'tcp',
        what: `segment of the ${isFromClient ? 'query' : 'response'}, ${octets} octets`,
        note: isOwn ? 'sent again' : 'sent again; the response never became whole',
        name: new Uint8Array(),
      },
    ]
  })
}

/** Whether two stretches of one direction of a connection have octets in common; sequence numbers wrap (RFC 9293 §3.4). */
function overlaps(a: StreamPart, b: StreamPart): boolean {
  const isOneStream = a.connection === b.connection && a.isFromClient === b.isFromClient
  return isOneStream && isBefore(a.startSequence, b.endSequence) && isBefore(b.startSequence, a.endSequence)
}

function isBefore(a: number, b: number): boolean {
  return ((a - b) | 0) < 0
}
