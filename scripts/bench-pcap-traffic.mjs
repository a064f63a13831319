// Makes the capture that scripts/bench-pcap.mjs reads: DNS of a cluster as a node sees it on one Ethernet interface. Pods look names
// up as glibc does (A and AAAA from one socket, search list, the same query again after 5 s), CoreDNS replicas forward external
// names, long answers come over TCP. The same seed gives the same octets.
import { closeSync, openSync, writeSync } from 'node:fs'

/** Between turns of the event loop. */
const TURN_BYTES = 1 << 20
const CLIENTS = 600
const REPLICAS = [2, 3, 4].map((host) => address(10, 244, 0, host))
const UPSTREAMS = [53, 54].map((host) => address(192, 0, 2, host))
const SERVICES = 2000
const EXTERNAL_NAMES = 20_000
const NAMESPACES = 40
/** Between two lookups: about 40,000 packets a second. */
const MEAN_GAP_MICROS = 210
const GLIBC_TIMEOUT_MICROS = 5_005_000
const TYPE_A = 1
const TYPE_TXT = 16
const TYPE_AAAA = 28
const [SYN, ACK, PSH_ACK, FIN_ACK] = [2, 16, 24, 17]

/** Writes a pcap file of about so many octets. Gives the event loop its turns: a signal is heard at once. */
export async function makeCapture(path, bytes, onProgress = () => {}) {
  const fd = openSync(path, 'w')
  try {
    const out = recordWriter(fd)
    const traffic = createTraffic()
    let nextTold = 0
    let nextTurn = 0
    while (out.bytes < bytes) {
      traffic.step((atMicros, frame) => out.write(atMicros, frame))
      if (out.bytes >= nextTurn) {
        nextTurn = out.bytes + TURN_BYTES
        await new Promise((resolve) => setImmediate(resolve))
      }
      if (out.bytes < nextTold) continue
      onProgress(out.bytes)
      nextTold += bytes / 20
    }
    out.flush()
  } finally {
    closeSync(fd)
  }
}

/** Gives frames in the order of their time, one lookup's worth at a step. */
function createTraffic() {
  const random = createRandom(42)
  const pending = createQueue()
  const send = (atMicros, frame) => pending.push(atMicros, frame)
  const encoded = new Map()
  const encode = (name) => {
    let octets = encoded.get(name)
    if (octets === undefined) encoded.set(name, (octets = encodeName(name)))
    return octets
  }
  const clients = Array.from({ length: CLIENTS }, (_, index) => ({
    address: address(10, 244, 1 + (index >> 7), 2 + (index & 127)),
    namespace: `team-${index % NAMESPACES}`,
    hasEdns: index % 3 === 0,
  }))
  let now = 1_700_000_000_000_000

  /** One question; `then` goes on when the response is there. */
  const ask = (at, from, to, question, then) => {
    const { client, port, hasEdns } = from
    const query = udpFrame(client, port, to, 53, message({ ...question, isResponse: false, hasEdns }))
    send(at, query)
    const isLost = random(1000) === 0
    if (isLost) send(at + GLIBC_TIMEOUT_MICROS, query)
    const answeredAt = (isLost ? at + GLIBC_TIMEOUT_MICROS : at) + question.latencyMicros
    send(answeredAt, udpFrame(to, 53, client, port, message({ ...question, isResponse: true, hasEdns })))
    then?.(answeredAt)
  }

  const askOverTcp = (at, client, to, question) => {
    const port = 32_768 + random(28_000)
    const [mine, theirs] = [random(2 ** 31), random(2 ** 31)]
    const query = withLength(message({ ...question, isResponse: false, hasEdns: true }))
    const response = withLength(message({ ...question, isResponse: true, hasEdns: true }))
    const out = (after, flags, sequence, acknowledgment, payload) =>
      send(at + after, tcpFrame(client, port, to, 53, { flags, sequence, acknowledgment, payload }))
    const back = (after, flags, sequence, acknowledgment, payload) =>
      send(at + after, tcpFrame(to, 53, client, port, { flags, sequence, acknowledgment, payload }))
    out(0, SYN, mine, 0)
    back(90, SYN | ACK, theirs, mine + 1)
    out(130, ACK, mine + 1, theirs + 1)
    out(150, PSH_ACK, mine + 1, theirs + 1, query)
    back(230, ACK, theirs + 1, mine + 1 + query.length)
    back(400, PSH_ACK, theirs + 1, mine + 1 + query.length, response)
    // A segment whose acknowledgment got lost comes again.
    if (random(50) === 0) back(200_400, PSH_ACK, theirs + 1, mine + 1 + query.length, response)
    out(450, ACK, mine + 1 + query.length, theirs + 1 + response.length)
    out(210_000, FIN_ACK, mine + 1 + query.length, theirs + 1 + response.length)
    back(210_100, FIN_ACK, theirs + 1 + response.length, mine + 2 + query.length)
    out(210_150, ACK, mine + 2 + query.length, theirs + 2 + response.length)
  }

  const lookUp = (at, client, names, answers) => {
    const [name, ...rest] = names
    const isLast = rest.length === 0
    const server = REPLICAS[random(REPLICAS.length)]
    const port = 32_768 + random(28_000)
    const from = { client: client.address, port, hasEdns: client.hasEdns }
    const isForwarded = isLast && !name.endsWith('cluster.local') && random(10) < 2
    const latencyMicros = isForwarded ? 4000 + random(20_000) : 120 + random(300)
    const question = { name: encode(name), latencyMicros, rcode: isLast ? 0 : 3 }
    for (const type of [TYPE_A, TYPE_AAAA]) {
      // Most external names have no AAAA record, cluster names none at all: NODATA.
      const count = !isLast || (type === TYPE_AAAA && answers < 3) ? 0 : answers
      const goOn = type === TYPE_AAAA && !isLast ? (later) => lookUp(later + 60, client, rest, answers) : undefined
      ask(
        at + (type === TYPE_A ? 0 : 15),
        from,
        server,
        { ...question, id: random(65_536), type, answers: count },
        goOn,
      )
      if (!isForwarded) continue
      const upstream = UPSTREAMS[random(UPSTREAMS.length)]
      const forwarder = { client: server, port: 32_768 + random(28_000), hasEdns: true }
      const forwarded = { ...question, id: random(65_536), type, answers: count, latencyMicros: latencyMicros - 500 }
      ask(at + 200, forwarder, upstream, forwarded)
    }
  }

  const lookUpLong = (at, client) => {
    const name = encode(`spf${random(200)}.mail.example.org`)
    const question = { id: random(65_536), name, type: TYPE_TXT, rcode: 0, latencyMicros: 400 }
    const server = REPLICAS[random(REPLICAS.length)]
    const from = { client: client.address, port: 32_768 + random(28_000), hasEdns: false }
    ask(at, from, server, { ...question, answers: 0, isTruncated: true }, (later) =>
      askOverTcp(later + 100, client.address, server, { ...question, id: random(65_536), answers: 8 }),
    )
  }

  return {
    step(write) {
      now += 1 + random(2 * MEAN_GAP_MICROS)
      pending.drain(now, write)
      const client = clients[random(CLIENTS)]
      const suffixes = [`${client.namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local']
      const kind = random(100)
      if (kind < 1) {
        lookUpLong(now, client)
      } else if (kind < 40) {
        const service = random(SERVICES)
        lookUp(now, client, [`api-${service}.team-${service % NAMESPACES}.svc.cluster.local`], 1)
      } else if (kind < 75) {
        const service = random(SERVICES)
        const name = `api-${service}.team-${service % NAMESPACES}`
        lookUp(
          now,
          client,
          suffixes.slice(0, 2).map((suffix) => `${name}.${suffix}`),
          1,
        )
      } else {
        // Some names are asked for far more often than others.
        const name = `www${Math.min(random(EXTERNAL_NAMES), random(EXTERNAL_NAMES))}.example.com`
        lookUp(now, client, [...suffixes.map((suffix) => `${name}.${suffix}`), name], 1 + random(4))
      }
    },
  }
}

// --- Messages and frames ---

function encodeName(name) {
  const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]))
  return Buffer.concat([...labels, Buffer.alloc(1)])
}

function message({ id, name, type, rcode, answers, isResponse, isTruncated, hasEdns }) {
  const count = isResponse ? answers : 0
  const size = type === TYPE_A ? 4 : type === TYPE_AAAA ? 16 : 200
  const octets = Buffer.alloc(12 + name.length + 4 + count * (12 + size) + (hasEdns ? 11 : 0))
  octets.writeUInt16BE(id, 0)
  octets.writeUInt16BE(isResponse ? 0x8180 | rcode | (isTruncated ? 0x0200 : 0) : 0x0100, 2)
  octets.writeUInt16BE(1, 4)
  octets.writeUInt16BE(count, 6)
  if (hasEdns) octets.writeUInt16BE(1, 10)
  name.copy(octets, 12)
  let at = 12 + name.length
  octets.writeUInt16BE(type, at)
  octets.writeUInt16BE(1, at + 2)
  at += 4
  for (let index = 0; index < count; index += 1) {
    octets.writeUInt16BE(0xc00c, at)
    octets.writeUInt16BE(type, at + 2)
    octets.writeUInt16BE(1, at + 4)
    octets.writeUInt32BE(30, at + 6)
    octets.writeUInt16BE(size, at + 10)
    octets[at + 11 + size] = index + 1
    // One character-string (RFC 1035 §3.3.14).
    if (type === TYPE_TXT) octets[at + 12] = size - 1
    at += 12 + size
  }
  if (hasEdns) {
    octets.writeUInt16BE(41, at + 1)
    octets.writeUInt16BE(1232, at + 3)
  }
  return octets
}

function withLength(octets) {
  const prefix = Buffer.alloc(2)
  prefix.writeUInt16BE(octets.length)
  return Buffer.concat([prefix, octets])
}

function udpFrame(source, sourcePort, destination, destinationPort, payload) {
  const frame = ipFrame(source, destination, 17, 8 + payload.length)
  frame.writeUInt16BE(sourcePort, 34)
  frame.writeUInt16BE(destinationPort, 36)
  frame.writeUInt16BE(8 + payload.length, 38)
  payload.copy(frame, 42)
  return frame
}

function tcpFrame(
  source,
  sourcePort,
  destination,
  destinationPort,
  { flags, sequence, acknowledgment, payload = Buffer.alloc(0) },
) {
  const frame = ipFrame(source, destination, 6, 20 + payload.length)
  frame.writeUInt16BE(sourcePort, 34)
  frame.writeUInt16BE(destinationPort, 36)
  frame.writeUInt32BE(sequence >>> 0, 38)
  frame.writeUInt32BE(acknowledgment >>> 0, 42)
  frame[46] = 0x50
  frame[47] = flags
  frame.writeUInt16BE(64_240, 48)
  payload.copy(frame, 54)
  return frame
}

function ipFrame(source, destination, protocol, length) {
  const frame = Buffer.alloc(34 + length)
  frame.writeUInt16BE(0x0800, 12)
  frame[14] = 0x45
  frame.writeUInt16BE(20 + length, 16)
  frame[22] = 64
  frame[23] = protocol
  source.copy(frame, 26)
  destination.copy(frame, 30)
  return frame
}

function address(...octets) {
  return Buffer.from(octets)
}

// --- Order and output ---

/** A binary heap of frames by time; frames of one time leave in the order they came. */
function createQueue() {
  const heap = []
  let count = 0
  const isBefore = (one, other) => one.at < other.at || (one.at === other.at && one.serial < other.serial)
  const pop = () => {
    const first = heap[0]
    const last = heap.pop()
    if (heap.length === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child += 1
      if (!isBefore(heap[child], last)) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = last
    return first
  }
  return {
    push(atMicros, frame) {
      const entry = { at: atMicros, serial: count, frame }
      count += 1
      let at = heap.length
      while (at > 0) {
        const parent = (at - 1) >> 1
        if (!isBefore(entry, heap[parent])) break
        heap[at] = heap[parent]
        at = parent
      }
      heap[at] = entry
    },
    drain(untilMicros, take) {
      while (heap.length > 0 && heap[0].at <= untilMicros) {
        const { at, frame } = pop()
        take(at, frame)
      }
    },
  }
}

function recordWriter(fd) {
  const chunk = Buffer.alloc(1 << 20)
  let used = 24
  let written = 0
  chunk.writeUInt32LE(0xa1b2c3d4, 0)
  chunk.writeUInt16LE(2, 4)
  chunk.writeUInt16LE(4, 6)
  chunk.writeUInt32LE(262_144, 16)
  chunk.writeUInt32LE(1, 20)
  const flush = () => {
    for (let from = 0; from < used;) from += writeSync(fd, chunk, from, used - from)
    written += used
    used = 0
  }
  return {
    get bytes() {
      return written + used
    },
    flush,
    write(atMicros, frame) {
      if (used + frame.length + 16 > chunk.length) flush()
      chunk.writeUInt32LE(Math.floor(atMicros / 1e6), used)
      chunk.writeUInt32LE(atMicros % 1e6, used + 4)
      chunk.writeUInt32LE(frame.length, used + 8)
      chunk.writeUInt32LE(frame.length, used + 12)
      frame.copy(chunk, used + 16)
      used += 16 + frame.length
    },
  }
}

function createRandom(seed) {
  let state = seed
  return (limit) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
}
