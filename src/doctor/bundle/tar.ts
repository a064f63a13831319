// A tar archive of a few small files: the ustar format (POSIX.1-2024, pax, "ustar Interchange Format"). Octets in, octets
// out; nothing is unpacked to disk.
import { BaseError } from '../../base/index.ts'

export interface TarFile {
  /** At most 100 octets of printable ASCII, without folders. */
  readonly name: string
  readonly octets: Uint8Array
}

/** An archive that cannot be read; the message fits behind "Cannot read FILE: ". */
export class TarError extends BaseError<'bad-archive'> {}

const BLOCK = 512
const MAX_NAME = 100
const MAX_FILES = 64
const CHECKSUM = { at: 148, length: 8 }
const SPACE = 0x20
const REGULAR_TYPES = new Set(['0', '\0'])
/** What other programs add: long names and attributes. */
const EXTENSION_TYPES = new Set(['g', 'x'])

/**
 * Packs files into one archive.
 *
 * @param changedAt seconds since 1970 that every file carries
 */
export function writeTar(files: readonly TarFile[], changedAt: number): Uint8Array {
  const parts = files.flatMap(({ name, octets }) => [
    header(name, octets.length, changedAt),
    octets,
    new Uint8Array(padding(octets.length)),
  ])
  // Two blocks of zeros end an archive.
  return Buffer.concat([...parts, new Uint8Array(2 * BLOCK)])
}

/**
 * Reads the regular files of an archive.
 *
 * @throws {TarError} anything that is damaged, cut off, or no regular file
 */
export function readTar(octets: Uint8Array): TarFile[] {
  const files: TarFile[] = []
  let at = 0
  while (at + BLOCK <= octets.length) {
    const block = octets.subarray(at, at + BLOCK)
    if (block.every((octet) => octet === 0)) return files
    const { name, size, type } = readHeader(block)
    const start = at + BLOCK
    if (start + size > octets.length) throw new TarError('bad-archive', `the archive ends within "${name}"`)
    if (REGULAR_TYPES.has(type)) files.push({ name, octets: octets.subarray(start, start + size) })
    else if (!EXTENSION_TYPES.has(type)) throw new TarError('bad-archive', `"${name}" is not a regular file`)
    if (files.length > MAX_FILES) throw new TarError('bad-archive', `it holds more than ${MAX_FILES} files`)
    at = start + size + padding(size)
  }
  throw new TarError('bad-archive', 'the archive ends without its end mark')
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}

function header(name: string, size: number, changedAt: number): Uint8Array {
  const block = Buffer.alloc(BLOCK)
  block.write(name, 0, MAX_NAME, 'latin1')
  block.write('0000600\0', 100, 'latin1')
  block.write('0000000\0', 108, 'latin1')
  block.write('0000000\0', 116, 'latin1')
  block.write(`${octal(size, 11)}\0`, 124, 'latin1')
  block.write(`${octal(changedAt, 11)}\0`, 136, 'latin1')
  block.write('0', 156, 'latin1')
  block.write('ustar\u000000', 257, 'latin1')
  block.write(`${octal(checksum(block), 6)}\0 `, CHECKSUM.at, 'latin1')
  return block
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}

function readHeader(block: Uint8Array): { readonly name: string; readonly size: number; readonly type: string } {
  const text = Buffer.from(block).toString('latin1')
  if (text.slice(257, 262) !== 'ustar') throw new TarError('bad-archive', 'it is no tar archive')
  if (readOctal(text.slice(CHECKSUM.at, CHECKSUM.at + CHECKSUM.length)) !== checksum(block)) {
    throw new TarError('bad-archive', 'a checksum in the archive does not match')
  }
  const [name = ''] = text.slice(0, MAX_NAME).split('\0')
  if (!/^[\x20-\x7e]+$/.test(name)) throw new TarError('bad-archive', 'a file in the archive has no printable name')
  const size = readOctal(text.slice(124, 136))
  if (size === undefined) throw new TarError('bad-archive', `"${name}" has no readable size`)
  return { name: name.replace(/^\.\//, ''), size, type: text.charAt(156) }
}

function readOctal(field: string): number | undefined {
  const digits = /^ *([0-7]+)[ \0]*$/.exec(field)?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits, 8)
}

/** The sum of all octets with the checksum's own field taken as spaces. */
function checksum(block: Uint8Array): number {
  let sum = 0
  for (const [at, octet] of block.entries()) {
    sum += at >= CHECKSUM.at && at < CHECKSUM.at + CHECKSUM.length ? SPACE : octet
  }
  return sum
}
