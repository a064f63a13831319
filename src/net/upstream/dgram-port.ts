// A port through Node's own sockets, for where there is no C library to call.
import { createSocket } from 'node:dgram'
import type { Endpoint } from '../exchange-result.ts'
import type { UdpPort, UdpPortOptions } from './udp-port.ts'

/** Opens a connected port; what is sent before it stands waits. */
export function openDgramPort({ connectTo, sourceAddress, received, failed }: UdpPortOptions): UdpPort {
  let state: 'closed' | 'connecting' | 'open' = 'connecting'
  let waiting: Uint8Array[] = []
  let local: Endpoint | undefined
  const socket = createSocket(connectTo.address.includes(':') ? 'udp6' : 'udp4')

  function fail(error: unknown, during: 'dial' | 'read' | 'write'): void {
    if (state !== 'closed') failed(error, during)
  }

  function send(octets: Uint8Array): void {
    socket.send(octets, (error) => {
      if (error !== null) fail(error, 'write')
    })
  }

  socket.on('message', (octets) => received(octets, false))
  socket.on('error', (error) => fail(error, state === 'connecting' ? 'dial' : 'read'))
  socket.on('connect', () => {
    if (state !== 'connecting') return
    state = 'open'
    // Asked for now: the address in messages must be the one that was bound.
    const { address, port } = socket.address()
    local = { address, port }
    for (const octets of waiting) send(octets)
    waiting = []
  })
  // Timers of waiting queries keep the process alive, idle ports do not.
  socket.unref()
  try {
    if (sourceAddress === undefined) socket.connect(connectTo.port, connectTo.address)
    else
      socket.bind({ address: sourceAddress, exclusive: true }, () => socket.connect(connectTo.port, connectTo.address))
  } catch (error) {
    queueMicrotask(() => fail(error, 'dial'))
  }
  return {
    local: () => local,
    send(octets) {
      // Node keeps what it is given until it is sent.
      if (state === 'open') send(octets.slice())
      else if (state === 'connecting') waiting.push(octets.slice())
    },
    close() {
      if (state === 'closed') return
      state = 'closed'
      waiting = []
      socket.close()
    },
  }
}
