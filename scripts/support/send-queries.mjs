// Sends DNS queries over UDP at a steady rate, in batches of sendmmsg(2), and prints how many the kernel took:
//   node send-queries.mjs ADDRESS RATE SECONDS
// Every query has a name of its own. Plain Node would need most of a processor for what this does with a small part of one.
import koffi from 'koffi'

const [AF_INET, SOCK_DGRAM, SOL_SOCKET, SO_SNDBUFFORCE] = [2, 2, 1, 32]
const TICK_MS = 2
const BATCH = 64
const [address = '127.0.0.1', rate = '50000', seconds = '2'] = process.argv.slice(2)

const libc = koffi.load('libc.so.6')
const socket = libc.func('int socket(int, int, int)')
const connect = libc.func('int connect(int, void*, uint)')
const setsockopt = libc.func('int setsockopt(int, int, int, void*, uint)')
const sendmmsg = libc.func('int sendmmsg(int, void*, uint, int)')
const addressOf = (octets) => koffi.address(octets)

const fd = socket(AF_INET, SOCK_DGRAM, 0)
const size = Buffer.alloc(4)
size.writeInt32LE(16 << 20)
setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, size, 4)
const to = Buffer.alloc(16)
to.writeUInt16LE(AF_INET, 0)
to.writeUInt16BE(53, 2)
to.set(address.split('.').map(Number), 4)
if (connect(fd, to, 16) !== 0) throw new Error(`Cannot connect to ${address}`)

// id u16 | RD | one question | "q1234567.example.org" A IN
const message = Buffer.concat([
  Buffer.from('000001000001000000000000', 'hex'),
  Buffer.from('\u0008q0000000\u0007example\u0003org\u0000', 'latin1'),
  Buffer.from('00010001', 'hex'),
])
const octets = Buffer.from(new ArrayBuffer(BATCH * message.length))
const iovecs = Buffer.from(new ArrayBuffer(BATCH * 16))
const headers = Buffer.from(new ArrayBuffer(BATCH * 64))
for (let slot = 0; slot < BATCH; slot += 1) {
  message.copy(octets, slot * message.length)
  iovecs.writeBigUInt64LE(addressOf(octets) + BigInt(slot * message.length), slot * 16)
  iovecs.writeBigUInt64LE(BigInt(message.length), slot * 16 + 8)
  headers.writeBigUInt64LE(addressOf(iovecs) + BigInt(slot * 16), slot * 64 + 16)
  headers.writeBigUInt64LE(1n, slot * 64 + 24)
}

const total = Number(rate) * Number(seconds)
const startedAt = performance.now()
let sent = 0
const timer = setInterval(() => {
  const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1000) * Number(rate)))
  while (sent < due) {
    const count = Math.min(BATCH, due - sent)
    for (let slot = 0; slot < count; slot += 1) {
      octets.writeUInt16BE((sent + slot) & 0xffff, slot * message.length)
      octets.write(String(sent + slot).padStart(7, '0'), slot * message.length + 14, 'latin1')
    }
    const taken = sendmmsg(fd, headers, count, 0)
    if (taken < 0) throw new Error(`Cannot send: errno ${koffi.errno()}`)
    sent += taken
  }
  if (sent < total) return
  clearInterval(timer)
  // The headers hold this one's address: it must not be collected before.
  iovecs.fill(0)
  const took = (performance.now() - startedAt) / 1000
  console.log(JSON.stringify({ sent, seconds: took, perSecond: Math.round(sent / took) }))
}, TICK_MS)
