// A DNS server whose first label says how it behaves, and a client without bounds of its own: what no real program does on demand.
// Usage: scripted-dns.mjs serve ADDRESS OTHER-ADDRESS | ask-tcp SERVER NAME | ask-in-turn SERVER NAME | connect SERVER PORT | flood SERVER NAME COUNT EVERY-MS
import { createSocket } from 'node:dgram'
import { connect, createServer } from 'node:net'

const TYPES = { a: 1, txt: 16, aaaa: 28 }
const SERVFAIL = 2
const NXDOMAIN = 3
const REFUSED = 5
const TRUNCATED = 0x02_00
const [verb, ...args] = process.argv.slice(2)
await { serve, 'ask-tcp': askTcp, 'ask-in-turn': askInTurn, connect: connectTo, flood }[verb](...args)

// --- Server ---

async function serve(address, otherAddress) {
  const socket = createSocket('udp4')
  const other = createSocket('udp4')
  let busyUntil = 0
  socket.on('message', (query, { address: client, port }) => {
    const { label, number, type } = questionOf(query)
    const send = (octets, from = socket) => from.send(octets, port, client)
    const answer = response(query)
    if (label === 'silent' || (label === 'noaaaa' && type === TYPES.aaaa)) return
    if (label === 'late') return setTimeout(() => send(answer), number)
    if (label === 'queue') {
      // One after the other, each taking its time: what waits grows with the load.
      busyUntil = Math.max(busyUntil, Date.now()) + number
      return setTimeout(() => send(answer), busyUntil - Date.now())
    }
    if (label === 'elsewhere') return send(answer, other)
    if (label === 'twice' || label === 'differ') {
      send(answer)
      return send(label === 'twice' ? answer : response(query, { last: 66 }))
    }
    if (label === 'garbage') return send(Buffer.concat([answer.subarray(0, 12), Buffer.from([200, 1, 2])]))
    send(answer)
  })
  const tcp = createServer((connection) => {
    let pending = Buffer.alloc(0)
    connection.on('error', () => {})
    connection.on('data', (part) => {
      pending = Buffer.concat([pending, part])
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const query = pending.subarray(2, 2 + pending.readUInt16BE(0))
        pending = pending.subarray(2 + query.length)
        const { label } = questionOf(query)
        if (label === 'close') return connection.end()
        connection.write(framed(response(query, { isTcp: true })))
      }
    })
  })
  await Promise.all([
    new Promise((resolve) => socket.bind(53, address, resolve)),
    new Promise((resolve) => other.bind(53, otherAddress, resolve)),
    new Promise((resolve) => tcp.listen(53, address, resolve)),
  ])
  process.stdout.write('ready\n')
}

/** The first label without its number, that number, and the type: `late-300.example` gives late, 300. */
function questionOf(query) {
  const length = query[12]
  const [label, number] = query
    .toString('latin1', 13, 13 + length)
    .toLowerCase()
    .split('-')
  let end = 12
  while (query[end] !== 0) end += query[end] + 1
  return { label, number: Number(number ?? 0), type: query.readUInt16BE(end + 1), end: end + 5 }
}

/** NOERROR with one record, or what the label wants. */
function response(query, { last = 1, isTcp = false } = {}) {
  const { label, number, type, end } = questionOf(query)
  const rcode = { servfail: SERVFAIL, nx: NXDOMAIN, refused: REFUSED }[label] ?? 0
  const isTruncated = label === 'truncate' && !isTcp
  const data = rcode !== 0 || isTruncated ? [] : recordsOf(type, label === 'large' ? number : 0, last)
  const header = Buffer.alloc(12)
  query.copy(header, 0, 0, 2)
  header.writeUInt16BE(0x81_80 | rcode | (isTruncated ? TRUNCATED : 0), 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(data.length, 6)
  const records = data.map((octets) => {
    const fixed = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, 0])
    fixed.writeUInt16BE(octets.length, 10)
    return Buffer.concat([fixed, octets])
  })
  return Buffer.concat([header, query.subarray(12, end), ...records])
}

function recordsOf(type, octets, last) {
  if (type === TYPES.a) return [Buffer.from([192, 0, 2, last])]
  if (type === TYPES.aaaa) return [Buffer.from([0x20, 1, 13, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last])]
  if (type !== TYPES.txt) return []
  const strings = Math.max(1, Math.ceil(octets / 200))
  return Array.from({ length: strings }, () => Buffer.concat([Buffer.from([199]), Buffer.alloc(199, 'x')]))
}

// --- Client ---

function queryFor(name, type) {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
  const header = Buffer.from([Math.random() * 256, Math.random() * 256, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, type, 0, 1])])
}

function framed(message) {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}

/** Asks for TXT with the system's own maximum segment size, unlike BIND's tools; waits two and a half seconds for all of it. */
async function askTcp(server, name) {
  const socket = connect(53, server)
  socket.on('error', () => process.exit(0))
  socket.on('connect', () => socket.write(framed(queryFor(name, TYPES.txt))))
  let seen = Buffer.alloc(0)
  socket.on('data', (part) => {
    seen = Buffer.concat([seen, part])
    if (seen.length >= 2 && seen.length >= 2 + seen.readUInt16BE(0)) socket.end()
  })
  socket.on('close', () => process.exit(0))
  setTimeout(() => process.exit(0), 2500)
}

/** Asks for A, and once that is answered for AAAA from the same socket, again after a second; ends when both are answered. */
async function askInTurn(server, name) {
  const socket = createSocket('udp4')
  const second = queryFor(name, TYPES.aaaa)
  socket.on('message', (message) => {
    if (questionOf(message).type === TYPES.aaaa) process.exit(0)
    socket.send(second, 53, server)
    setTimeout(() => socket.send(second, 53, server), 1000)
  })
  socket.send(queryFor(name, TYPES.a), 53, server)
  setTimeout(() => process.exit(0), 4000)
}

/** One handshake, given up after two and a half seconds: one SYN was sent again by then. */
async function connectTo(server, port) {
  const socket = connect(Number(port), server)
  socket.on('error', () => process.exit(0))
  socket.on('connect', () => process.exit(0))
  setTimeout(() => process.exit(0), 2500)
}

/** So many queries, one each few milliseconds, from one socket; ends when all are answered or three seconds after the last. */
async function flood(server, name, count, everyMs) {
  const socket = createSocket('udp4')
  let sent = 0
  let answered = 0
  socket.on('message', () => {
    answered += 1
    if (answered === Number(count)) process.exit(0)
  })
  const timer = setInterval(() => {
    socket.send(queryFor(name, TYPES.a), 53, server)
    sent += 1
    if (sent < Number(count)) return
    clearInterval(timer)
    setTimeout(() => process.exit(0), 3000)
  }, Number(everyMs))
}
