// Orders of records: aliases first, because clients read them first, then addresses as the policy says, then MX.
import type { BlockList } from 'node:net'
import type { ResourceRecord } from '../../dns/index.ts'

/** Reorders a list of addresses or of MX records in place. */
export type Reorder = (records: ResourceRecord[]) => void

/** Draws 0 up to, but not including, `limit`. */
export type Draw = (limit: number) => number

/** Sorts records into groups and reorders addresses and MX records; other records keep their order. */
export function orderRecords(
  records: readonly ResourceRecord[],
  { addresses, mx }: { readonly addresses: Reorder; readonly mx: Reorder },
): readonly ResourceRecord[] {
  if (records.length < 2) return records
  const aliases: ResourceRecord[] = []
  const others: ResourceRecord[] = []
  const found: ResourceRecord[] = []
  const exchanges: ResourceRecord[] = []
  for (const record of records) {
    if (record.type === 'CNAME') aliases.push(record)
    else if (record.type === 'A' || record.type === 'AAAA') found.push(record)
    else if (record.type === 'MX') exchanges.push(record)
    else others.push(record)
  }
  addresses(found)
  mx(exchanges)
  return [...aliases, ...others, ...found, ...exchanges]
}

/** Shuffles fairly (Fisher and Yates). */
export function shuffle(records: ResourceRecord[], draw: Draw): void {
  for (let last = records.length - 1; last > 0; last -= 1) swap(records, last, draw(last + 1))
}

/** Brings one record to the front, each with a chance of its weight over the sum of all weights. */
export function frontByWeight(
  records: ResourceRecord[],
  { weightOf, draw }: { readonly weightOf: (record: ResourceRecord) => number; readonly draw: Draw },
): void {
  const total = records.reduce((sum, record) => sum + weightOf(record), 0)
  if (total <= 0) return
  let left = draw(total)
  const chosen = records.findIndex((record) => (left -= weightOf(record)) < 0)
  if (chosen > 0) swap(records, 0, chosen)
}

/** Brings addresses of the first block to the front, then those of the second, and so on; the order within stays. */
export function preferBlocks(records: ResourceRecord[], blocks: readonly BlockList[]): void {
  const rankOf = (record: ResourceRecord): number => {
    const { rdata } = record
    if (rdata.type !== 'A' && rdata.type !== 'AAAA') return blocks.length
    const rank = blocks.findIndex((block) => block.check(rdata.address, rdata.type === 'A' ? 'ipv4' : 'ipv6'))
    return rank < 0 ? blocks.length : rank
  }
  records.sort((a, b) => rankOf(a) - rankOf(b))
}

function swap(records: ResourceRecord[], a: number, b: number): void {
  const [first, second] = [records[a], records[b]]
  if (first === undefined || second === undefined) return
  records[a] = second
  records[b] = first
}
