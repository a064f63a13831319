// Asks A and AAAA of a name from one socket, so many times at once, as getaddrinfo of glibc does, and asks nothing again. Prints how many
// responses came, when all did or none came for some time: node ask-pairs.mjs SERVER NAME TIMES
import { createSocket } from 'node:dgram'

const [server = '', name = '', times = '1'] = process.argv.slice(2)
const QUIET_MS = 2000

function encodeQuery(id, type) {
  const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]))
  const header = Buffer.from([0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, type, 0, 1])])
}

let came = 0
const end = () => {
  process.stdout.write(`${came}\n`)
  process.exit(0)
}
const quiet = setTimeout(end, QUIET_MS)
for (let index = 0; index < Number(times); index += 1) {
  const socket = createSocket('udp4')
  socket.on('message', () => {
    came += 1
    quiet.refresh()
    if (came === 2 * Number(times)) end()
  })
  socket.bind(0, () => {
    socket.send(encodeQuery(1, 1), 53, server)
    socket.send(encodeQuery(2, 28), 53, server)
  })
}
