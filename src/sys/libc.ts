// The C library through koffi: the few calls that Node does not offer, found on first use. Whoever asks must be able to
// live without: on other systems, without the prebuilt addon, or on an unknown C library there is a reason instead.
import { createRequire } from 'node:module'
import { endianness } from 'node:os'
import { describeError } from '../base/index.ts'

/** Calls take and return C's values: -1 is failure, then `errno()` tells why. Buffers are passed by their address. */
export interface Libc {
  socket(family: number, type: number, protocol: number): number
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number
  getsockopt(fd: number, level: number, name: number, value: Uint8Array, length: Uint8Array): number
  /** The index of a network interface; 0 when there is none of that name. */
  if_nametoindex(name: string): number
  bind(fd: number, address: Uint8Array, length: number): number
  connect(fd: number, address: Uint8Array, length: number): number
  close(fd: number): number
  fcntl(fd: number, command: number, value: number): number
  recvmmsg(fd: number, messages: Uint8Array, count: number, flags: number, timeout: null): number
  sendmmsg(fd: number, messages: Uint8Array, count: number, flags: number): number
  setns(fd: number, namespaceType: number): number
  ioctl(fd: number, request: number, value: Uint8Array): number
  errno(): number
  /** Address of the first octet; valid as long as somebody references the buffer. */
  addressOf(buffer: Uint8Array): bigint
}

/** Why there is no C library to call. */
export interface LibcMissing {
  readonly why: string
}

let loaded: Libc | LibcMissing | undefined

/** The C library, or the reason why it cannot be called; found once. */
export function libc(): Libc | LibcMissing {
  loaded ??= load()
  return loaded
}

export function isLibc(found: Libc | LibcMissing): found is Libc {
  return !('why' in found)
}

interface Koffi {
  load(path: string): { func(prototype: string): (...args: never[]) => unknown }
  errno(): number
  address(value: Uint8Array): bigint | number
}

const CANDIDATES: readonly string[] = ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1']
/** What the structures' layouts are known for: 64 bits, little-endian. */
const ARCHITECTURES: readonly string[] = ['arm64', 'x64']

function load(): Libc | LibcMissing {
  if (process.platform !== 'linux') return { why: `batched system calls are Linux's, this is ${process.platform}` }
  if (endianness() !== 'LE' || !ARCHITECTURES.includes(process.arch)) {
    return { why: `the layout of C structures is not known for ${process.arch}` }
  }
  let koffi: Koffi
  try {
    koffi = createRequire(import.meta.url)('koffi') as Koffi
  } catch (error) {
    return { why: `the addon koffi cannot be loaded: ${describeError(error)}` }
  }
  for (const path of CANDIDATES) {
    try {
      return bindCalls(koffi, path)
    } catch {
      // Not this C library; the next one may be there.
    }
  }
  return { why: `none of ${CANDIDATES.join(', ')} could be loaded` }
}

function bindCalls(koffi: Koffi, path: string): Libc {
  const library = koffi.load(path)
  const call = (prototype: string): never => library.func(prototype) as never
  return {
    socket: call('int socket(int, int, int)'),
    setsockopt: call('int setsockopt(int, int, int, const void*, uint)'),
    getsockopt: call('int getsockopt(int, int, int, void*, void*)'),
    if_nametoindex: call('uint if_nametoindex(const char*)'),
    bind: call('int bind(int, const void*, uint)'),
    connect: call('int connect(int, const void*, uint)'),
    close: call('int close(int)'),
    fcntl: call('int fcntl(int, int, int)'),
    recvmmsg: call('int recvmmsg(int, void*, uint, int, void*)'),
    sendmmsg: call('int sendmmsg(int, void*, uint, int)'),
    setns: call('int setns(int, int)'),
    // Variadic in C; on the architectures above its third argument is passed like any other.
    ioctl: call('int ioctl(int, ulong, void*)'),
    errno: () => koffi.errno(),
    addressOf: (buffer) => BigInt(koffi.address(buffer)),
  }
}
