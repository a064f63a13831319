// The door to both transports: one question to one server, and a value for whatever comes of it.
import { exchangeTcp } from './exchange-tcp.ts'
import { exchangeUdp } from './exchange-udp.ts'
import type { ExchangeOptions } from './exchange-request.ts'
import type { ExchangeResult, Transport } from './exchange-result.ts'

/** Asks over the transport named. A truncated response is given as it is: asking again over TCP is the caller's choice. */
export function exchange(options: ExchangeOptions & { readonly transport: Transport }): Promise<ExchangeResult> {
  return options.transport === 'tcp' ? exchangeTcp(options) : exchangeUdp(options)
}
