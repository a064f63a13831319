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
  /** Its mnemonic. */
  readonly rcode?: string | undefined
  /** At least so many milliseconds. */
  readonly slowMs?: number | undefined
  readonly unanswered?: boolean | undefined
}

/** Columns of an address, and of one with a name behind it. */
const [ADDRESS_WIDTH, NAMED_WIDTH] = [22, 50]

/** The columns' names. @param hasNames addresses are shown with names */
export function transactionHeading(hasNames: boolean): string {
  const [client, server] = ['client', 'server'].map((name) => name.padEnd(hasNames ? NAMED_WIDTH : ADDRESS_WIDTH))
  return `     #    frame  time             ${client} ${server} proto  type   latency  rcode     sends  name`
}

/** Formats a transaction; undefined when the filter does not want it. */
export function formatTransaction(
  analysis: CaptureAnalysis,
  transaction: Transaction,
  { filter, known }: { readonly filter: TransactionFilter; readonly known: AddressNames | undefined },
): string | undefined {
  const { addresses } = analysis.decoder
  const address = (id: number): string => describeAddress(addresses.format(id), known)
  // A part of an address is another address; a part of a name is what one remembers of it.
  const isMeant = (id: number, wanted: string): boolean =>
    addresses.format(id) === wanted.toLowerCase() || known?.nameOf(addresses.format(id))?.includes(wanted) === true
  const name = analysis.names.format(transaction.name)
  const isAnswered = transaction.state === 'answered'
  const rcode = isAnswered ? rcodeMnemonic(transaction.rcode) : ''
  if (filter.name !== undefined && !name.toLowerCase().includes(filter.name.toLowerCase())) return undefined
  if (filter.client !== undefined && !isMeant(transaction.client, filter.client)) return undefined
  const servers = [transaction.server, transaction.endpoint].filter((id) => id !== 0)
  if (filter.server !== undefined && !servers.some((server) => isMeant(server, filter.server ?? ''))) return undefined
  if (filter.rcode !== undefined && rcode !== filter.rcode) return undefined
  if (filter.slowMs !== undefined && !(isAnswered && latencyMs(transaction) >= filter.slowMs)) return undefined
  if (filter.unanswered === true && transaction.state !== 'unanswered') return undefined
  const width = known === undefined ? ADDRESS_WIDTH : NAMED_WIDTH
  const cells = [
    String(transaction.number).padStart(6),
    String(transaction.queryFrame).padStart(8),
    ` ${formatTime(transaction.firstAtMicros)}`,
    ` ${describeClient(addresses.format(transaction.client), transaction.clientPort, known).padEnd(width)}`,
    servers.map(address).join(' -> ').padEnd(width),
    transaction.transport.padEnd(5),
    typeMnemonic(transaction.type).padEnd(6),
    (isAnswered
      ? `${latencyMs(transaction).toFixed(2)} ms`
      : transaction.isRejected
        ? 'rejected'
        : transaction.state
    ).padStart(10),
    `${rcode}${transaction.isTruncated ? '+TC' : ''}`.padEnd(9),
    String(transaction.sends).padStart(5),
    ` ${name}`,
  ]
  return cells.join(' ')
}

/** `10.244.1.7.40312 (default/web-0)`. */
function describeClient(address: string, port: number, known: AddressNames | undefined): string {
  const name = known?.nameOf(address)
  return `${address}.${port}${name === undefined ? '' : ` (${name})`}`
}

/** Hours to microseconds, UTC. */
export function formatTime(micros: number): string {
  const day = ((micros % 86_400e6) + 86_400e6) % 86_400e6
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  return `${two(day / 3600e6)}:${two((day / 60e6) % 60)}:${two((day / 1e6) % 60)}.${String(Math.floor(day % 1e6)).padStart(6, '0')}`
}
