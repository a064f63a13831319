// What the scripts that load a server on loopback have in common: ports, pauses, a question in octets.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** How a server is started unless `--server` says otherwise; the words `{corefile}` in it are replaced. */
export const FATHOM = `${process.execPath} ${new URL('../../bin/fathom.js', import.meta.url).pathname} serve -conf {corefile}`

/** A UDP port of 127.0.0.1 that was free a moment ago. */
export async function freePort() {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

export function pause(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

/** A query with RD set, for type A unless another number is given. */
export function encodeQuery(id, name, type = 1) {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
  const header = Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([header, ...labels, Buffer.from([0, type >> 8, type & 255, 0, 1])])
}
