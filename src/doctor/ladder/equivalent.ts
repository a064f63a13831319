// The command a person would have typed for a rung.
import { shellWord } from '../../base/index.ts'
import { addressFromReverse } from '../../dns/index.ts'
import type { Endpoint } from '../../net/exchange-result.ts'
import type { RungQuestion, RungTransport } from './rung.ts'

/** `dig -x 10.233.0.1 @10.233.74.65 +tcp`, `curl http://10.233.74.65:9153/metrics`. */
export function formatEquivalent(question: RungQuestion, to: Endpoint, transport: RungTransport): string {
  if (question.kind === 'http') {
    const host = to.address.includes(':') ? `[${to.address}]` : to.address
    return `curl ${shellWord(`http://${host}:${to.port}${question.path}`)}`
  }
  // dig has a socket for each question; getaddrinfo asks for both families from one, wherever resolv.conf leads.
  const name = shellWord(question.name)
  if (question.besideType !== undefined) return `getent ahosts ${name}`
  const address = question.type === 'PTR' ? addressFromReverse(question.name) : undefined
  const asked = address === undefined ? `${name}${question.type === 'A' ? '' : ` ${question.type}`}` : `-x ${address}`
  const words = ['dig', asked, `@${to.address}`]
  if (to.port !== 53) words.push(`-p ${to.port}`)
  if (transport === 'tcp') words.push('+tcp')
  if (question.withoutEdns === true) words.push('+noedns')
  if (question.udpPayloadSize !== undefined && transport === 'udp') words.push(`+bufsize=${question.udpPayloadSize}`)
  return words.join(' ')
}
