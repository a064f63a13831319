// One end of a tunnel in user space, where the kernel has no such device: what the kernel routes to a tun device leaves in
// Geneve, IPIP or GRE, and the other way round.
// Usage: user-tunnel.mjs geneve|ipip|gre LOCAL REMOTE ADDRESS
import { createSocket } from 'node:dgram'
import { execFileSync } from 'node:child_process'
import { openSync, read, write, writeSync } from 'node:fs'
import koffi from 'koffi'

const GENEVE_PORT = 6081
/** Version 0, no options, payload IPv4 (RFC 8926 section 3.4), network 7. */
const GENEVE_HEADER = Buffer.from([0, 0, 0x08, 0x00, 0, 0, 7, 0])
/** No checksum, key or number; payload IPv4 (RFC 2784 section 2). */
const GRE_HEADER = Buffer.from([0, 0, 0x08, 0x00])
const PROTOCOLS = { ipip: 4, gre: 47 }
const AF_INET = 2
const SOCK_RAW = 3
const TUNSETIFF = 0x40_04_54_ca
const IFF_TUN_NO_PI = 0x10_01

const [kind, local, remote, address] = process.argv.slice(2)
const libc = koffi.load('libc.so.6')
const device = openDevice()
execFileSync('ip', ['address', 'add', `${address}/24`, 'dev', 'utun'])
execFileSync('ip', ['link', 'set', 'utun', 'mtu', '1400', 'up'])
if (kind === 'geneve') throughUdp()
else throughIp(PROTOCOLS[kind], kind === 'gre' ? GRE_HEADER : Buffer.alloc(0))
process.stdout.write('ready\n')

function openDevice() {
  const fd = openSync('/dev/net/tun', 'r+')
  const request = Buffer.alloc(40)
  request.write('utun')
  request.writeUInt16LE(IFF_TUN_NO_PI, 16)
  const ioctl = libc.func('int ioctl(int fd, unsigned long request, _Inout_ uint8_t *value)')
  if (ioctl(fd, TUNSETIFF, request) !== 0) throw new Error('TUNSETIFF failed')
  return fd
}

function throughUdp() {
  const socket = createSocket('udp4')
  socket.bind(GENEVE_PORT, local)
  socket.on('message', (packet) => writeSync(device, packet.subarray(GENEVE_HEADER.length)))
  readAll(device, (packet) => socket.send(Buffer.concat([GENEVE_HEADER, packet]), GENEVE_PORT, remote))
}

function throughIp(protocol, header) {
  const socket = libc.func('int socket(int family, int type, int protocol)')(AF_INET, SOCK_RAW, protocol)
  if (socket < 0) throw new Error('no raw socket')
  call('bind', socket, local)
  call('connect', socket, remote)
  // A raw socket hands out the outer header too.
  readAll(socket, (packet) => writeSync(device, packet.subarray((packet[0] & 15) * 4 + header.length)))
  readAll(device, (packet) => write(socket, Buffer.concat([header, packet]), () => {}))
}

function call(name, socket, host) {
  const where = Buffer.alloc(16)
  where.writeUInt16LE(AF_INET)
  for (const [index, octet] of host.split('.').entries()) where[4 + index] = Number(octet)
  const result = libc.func(`int ${name}(int fd, const uint8_t *address, uint32_t size)`)(socket, where, where.length)
  if (result !== 0) throw new Error(`${name} failed`)
}

function readAll(fd, take) {
  const buffer = Buffer.alloc(65_536)
  const next = () =>
    read(fd, buffer, 0, buffer.length, null, (error, length) => {
      if (error !== null) throw error
      // IPv4 only: router solicitations of a new device stay at home.
      const packet = Buffer.from(buffer.subarray(0, length))
      if (packet[0] >> 4 === 4) take(packet)
      next()
    })
  next()
}
