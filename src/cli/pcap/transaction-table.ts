// `--transactions`: one line for each transaction, and the filters that choose among them.
import { latencyMs } from '../../analysis/index.ts'
import type { AddressNames, CaptureAnalysis, Transaction } from '../../analysis/index.ts'
import { describeAddress } from '../../analysis/index.ts'
import { rcodeMnemonic, typeMnemonic } from '../../dns/index.ts'

/** Which transactions are shown; absent: all. */
export interface TransactionFilter {
  /** Part of the name, whatever its case. */
  readonly name?: string | undefined
  readonly client?: string | undefined
  readonly server?: string | undefined
  readonly rcode?: string | undefined
  /** At least so many milliseconds. */
  readonly slowMs?: number | undefined
  readonly unanswered?: boolean | undefined
}

/** The columns' names. */
export const TRANSACTION_HEADING: string =
  '     #    frame  time             client                 server                 proto  type   latency  rcode     sends  name'

/** Formats a transaction; undefined when the filter does not want it. */
export function formatTransaction(
  analysis: CaptureAnalysis,
  transaction: Transaction,
  { filter, known }: { readonly filter: TransactionFilter; readonly known: AddressNames | undefined },
): string | undefined {
  const { addresses } = analysis.decoder
  const address = (id: number): string => describeAddress(addresses.format(id), known)
  const name = analysis.names.format(transaction.name)
  const isAnswered = transaction.state === 'answered'
  const rcode = isAnswered ? rcodeMnemonic(transaction.rcode) : ''
  if (filter.name !== undefined && !name.toLowerCase().includes(filter.name.toLowerCase())) return undefined
  if (filter.client !== undefined && !address(transaction.client).includes(filter.client)) return undefined
  const servers = [transaction.server, transaction.endpoint].filter((id) => id !== 0).map(address)
  if (filter.server !== undefined && !servers.some((server) => server.includes(filter.server ?? ''))) return undefined
  if (filter.rcode !== undefined && rcode !== filter.rcode.toUpperCase()) return undefined
  if (filter.slowMs !== undefined && !(isAnswered && latencyMs(transaction) >= filter.slowMs)) return undefined
  if (filter.unanswered === true && transaction.state !== 'unanswered') return undefined
  const cells = [
    String(transaction.number).padStart(6),
    String(transaction.queryFrame).padStart(8),
    ` ${formatTime(transaction.firstAtMicros)}`,
    ` ${`${address(transaction.client)}.${transaction.clientPort}`.padEnd(22)}`,
    servers.join(' -> ').padEnd(22),
    transaction.transport.padEnd(5),
    typeMnemonic(transaction.type).padEnd(6),
    (isAnswered ? `${latencyMs(transaction).toFixed(2)} ms` : transaction.state).padStart(10),
    `${rcode}${transaction.isTruncated ? '+TC' : ''}`.padEnd(9),
    String(transaction.sends).padStart(5),
    ` ${name}`,
  ]
  return cells.join(' ')
}

/** Hours to microseconds, UTC. */
export function formatTime(micros: number): string {
  const day = ((micros % 86_400e6) + 86_400e6) % 86_400e6
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  return `${two(day / 3600e6)}:${two((day / 60e6) % 60)}:${two((day / 1e6) % 60)}.${String(Math.floor(day % 1e6)).padStart(6, '0')}`
}
