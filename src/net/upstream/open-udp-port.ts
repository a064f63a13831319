// Opens local UDP ports: through the C library where there is one, else through Node.
import { isLibc, libc } from '../../sys/index.ts'
import { openBatchPort } from './batch-port.ts'
import { openDgramPort } from './dgram-port.ts'
import type { UdpPort, UdpPortOptions } from './udp-port.ts'

/** How datagrams pass: many with one system call, or one by one through Node. */
export type UdpPath = 'batches' | 'dgram'

/** Opens a connected port of the system's choice: it hears its upstream only, and hears at once when nobody listens there. */
export function openUdpPort(options: UdpPortOptions, path: UdpPath = defaultPath()): UdpPort {
  const found = libc()
  return path === 'batches' && isLibc(found) ? openBatchPort(found, options) : openDgramPort(options)
}

/** The same switch as the listeners'. */
function defaultPath(): UdpPath {
  return process.env['FATHOM_UDP'] === 'dgram' ? 'dgram' : 'batches'
}
