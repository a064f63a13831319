// Lowers the UDP payload size that a query announces (RFC 6891 §6.2.3): for upstreams, and for the response to the client.
import { mapOutcome, type Handler } from '../../server/index.ts'
import type { BufsizeOptions } from './setup.ts'

export function createBufsizeHandler({ sizeBytes }: BufsizeOptions): Handler {
  return (request, next) => {
    const { edns } = request.message
    if (edns === undefined || edns.udpPayloadSize <= sizeBytes) return next(request)
    const message = { ...request.message, edns: { ...edns, udpPayloadSize: sizeBytes } }
    const isDatagram = request.transport === 'udp'
    const maxSizeBytes = isDatagram ? Math.min(request.maxSizeBytes, sizeBytes) : request.maxSizeBytes
    const outcome = next({ ...request, message, maxSizeBytes })
    if (!isDatagram) return outcome
    return mapOutcome(outcome, (given) =>
      given.kind === 'answer'
        ? { ...given, maxSizeBytes: Math.min(given.maxSizeBytes ?? sizeBytes, sizeBytes) }
        : given,
    )
  }
}
