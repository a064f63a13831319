// What the scripts that load a server on loopback have in common: ports, pauses, a question in octets, a process's memory.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

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

/** A field of /proc/PID/status in MB: `VmRSS` now, `VmHWM` at most. */
export function memoryMb(pid, field = 'VmRSS') {
  const [, kilobytes] = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes ?? 0) / 1024
}

/** CPU time that a process has used, its kernel time included: steadier than the clock on a busy machine. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
