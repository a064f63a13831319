// IPv4 arithmetic for laying out a lab's network.

/** Reads dotted text as a number. */
export function addressNumber(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
}

/** Writes a number as dotted text. */
export function addressText(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}

/** A block of addresses: its first one and the length of its prefix. */
export interface Block {
  readonly first: string
  readonly length: number
}

/** `10.233.71.0/26` */
export function blockText({ first, length }: Block): string {
  return `${first}/${length}`
}

/** The block of this prefix length that an address lies in. */
export function blockAround(address: string, length: number): Block {
  const size = 2 ** (32 - length)
  return { first: addressText(Math.floor(addressNumber(address) / size) * size), length }
}

/** Reads `ADDRESS/LENGTH`; undefined for other text. */
export function readBlock(text: string): Block | undefined {
  const match = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(text)
  return match === null ? undefined : blockAround(match[1] ?? '', Number(match[2]))
}

export function isInBlock(address: string, { first, length }: Block): boolean {
  return blockAround(address, length).first === first
}

/** The smallest block around all addresses, of 256 addresses at least. */
export function commonBlock(addresses: readonly string[]): Block {
  let length = 24
  const [first = '0.0.0.0'] = addresses
  while (length > 0 && !addresses.every((address) => isInBlock(address, blockAround(first, length)))) length -= 1
  return blockAround(first, length)
}

/** The first address of a block that a host can have and that is not taken. */
export function freeAddress(block: Block, taken: ReadonlySet<string>): string {
  let value = addressNumber(block.first) + 1
  while (taken.has(addressText(value))) value += 1
  return addressText(value)
}
