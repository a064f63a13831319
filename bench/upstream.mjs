// A process of its own: an upstream that answers every question with one address, over UDP and TCP. Prints its port.
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

const TTL = 300

/** The query with QR and RA set and one A record that points at the question's name; what follows the question is left out. */
function answer(query) {
  let at = 12
  while (query[at] !== 0) at += query[at] + 1
  const question = query.subarray(0, at + 5)
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, TTL >> 8, TTL & 255, 0, 4, 192, 0, 2, 1])
  const response = Buffer.concat([question, record])
  response[2] |= 0x80
  response[3] = 0x80
  response.set([0, 1, 0, 1, 0, 0, 0, 0], 4)
  return response
}

const tcp = createServer({ noDelay: true }, (socket) => {
  let rest = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (octets) => {
    rest = Buffer.concat([rest, octets])
    const out = []
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const length = rest.readUInt16BE(0)
      const response = answer(rest.subarray(2, 2 + length))
      out.push(Buffer.from([response.length >> 8, response.length & 255]), response)
      rest = rest.subarray(2 + length)
    }
    socket.write(Buffer.concat(out))
  })
})
tcp.listen(0, '127.0.0.1', () => {
  const { port } = tcp.address()
  const udp = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 })
  udp.on('message', (query, from) => udp.send(answer(query), from.port, from.address))
  udp.bind(port, '127.0.0.1', () => process.stdout.write(`${port}\n`))
})
