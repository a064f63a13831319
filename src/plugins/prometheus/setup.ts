// The `prometheus` directive: address of the metrics page, its TLS, how much of the runtime it shows.
import { onceError } from '../../corefile/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import type { SetupContext } from '../../server/index.ts'
import { onlyArgument, optionalArgument } from '../arguments.ts'
import { readHttpAddress } from '../http-endpoint.ts'
import { readWebConfig } from './web-config.ts'
import type { WebTls } from './web-config.ts'

export interface PrometheusOptions {
  /** `localhost:9153`. */
  readonly address: string
  /** More of the runtime's own metrics. */
  readonly runtimeMetrics: boolean
  readonly tls: WebTls | undefined
}

/** @throws {CorefileError} */
export function parsePrometheus(dispenser: Dispenser, context: SetupContext): PrometheusOptions {
  let address = 'localhost:9153'
  let runtimeMetrics = false
  let tls: WebTls | undefined
  let seen = false
  while (dispenser.next()) {
    if (seen) throw onceError(dispenser)
    seen = true
    const text = optionalArgument(dispenser)
    if (text !== undefined) address = readHttpAddress(dispenser, text)
    while (dispenser.nextBlock()) {
      switch (dispenser.value()) {
        case 'runtime_metrics':
          if (dispenser.remainingArgs().length > 0) throw dispenser.argError()
          runtimeMetrics = true
          break
        case 'tls': {
          if (tls !== undefined) throw dispenser.error('tls block already specified')
          tls = readWebConfig(dispenser, onlyArgument(dispenser), context)
          break
        }
        default:
          throw dispenser.error(`unknown option: ${dispenser.value()}`)
      }
    }
  }
  return { address, runtimeMetrics, tls }
}
