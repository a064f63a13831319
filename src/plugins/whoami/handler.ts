// Tells a client its own address, port and transport, whatever it asked.
import type { DomainName, RData, ResourceRecord } from '../../dns/message.ts'
import { respond, type Handler, type Request } from '../../server/index.ts'

export const answerWhoami: Handler = (request) => {
  const { name } = request.question
  const proto = request.transport === 'udp' ? 'udp' : 'tcp'
  const { port } = request.client
  return respond(request, {
    by: 'whoami',
    additional: [
      record(request, name, clientAddress(request)),
      record(request, name === '.' ? `_${proto}.` : `_${proto}.${name}`, {
        type: 'SRV',
        priority: 0,
        weight: 0,
        port,
        target: '.',
      }),
    ],
  })
}

function clientAddress({ client, family }: Request): RData {
  const [address = client.address] = client.address.split('%', 1)
  return family === 1 ? { type: 'A', address } : { type: 'AAAA', address }
}

function record(request: Request, name: DomainName, rdata: RData): ResourceRecord {
  return { name, type: rdata.type, class: request.class, ttl: 0, rdata }
}
