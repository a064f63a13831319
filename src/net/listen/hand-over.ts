// Gives the new connections of a shared TCP address to another listener there before this one closes: closing resets what waits
// to be accepted and what is still shaking hands.
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Server, Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { setAwakeTimeout } from '../../base/index.ts'
import { directConnections, isLibc, libc } from '../../sys/index.ts'
import type { Endpoint } from '../exchange-result.ts'

/** The listening socket of a server. */
export interface SharedSocket {
  readonly fd: number
  readonly local: Endpoint
}

/** Places tried; each process has one socket at an address, and an upgrade has two processes. */
const MAX_PLACES = 4
/** For the event loop to accept what the kernel has accepted; on the same host there is no way to wait for. */
const ACCEPT_MS = 10
/** For connections that were on their way to this listener. */
const SETTLE_MS = 100

/**
 * Makes another listener at the same address get all new connections, if there is one.
 *
 * Which place in the kernel's group is whose cannot be asked, so it is tried: a connection to the own address shows whom a place
 * belongs to.
 *
 * @returns whether somebody else gets them now
 */
export async function handOverConnections(server: Server, { fd, local }: SharedSocket): Promise<boolean> {
  const found = libc()
  if (!isLibc(found)) return false
  for (let place = 0; place < MAX_PLACES; place += 1) {
    if (!directConnections(found, fd, place)) return false
    const taker = await findTaker(server, local)
    if (taker === 'nobody') return false
    if (taker === 'own') continue
    await pause(SETTLE_MS)
    return true
  }
  return false
}

async function findTaker(server: Server, { address, port }: Endpoint): Promise<'nobody' | 'other' | 'own'> {
  const accepted = new Set<number | undefined>()
  const note = ({ remotePort }: Socket): void => void accepted.add(remotePort)
  server.on('connection', note)
  const probe = connect({ host: address === '::' ? '127.0.0.1' : address, port })
  try {
    await once(probe, 'connect')
    const { localPort } = probe
    // Not a plain timer: on a busy host it would fire before the loop has accepted anything.
    await new Promise<void>((resolve) => void setAwakeTimeout(resolve, ACCEPT_MS))
    return accepted.has(localPort) ? 'own' : 'other'
  } catch {
    return 'nobody'
  } finally {
    server.off('connection', note)
    probe.on('error', () => {})
    probe.destroy()
  }
}
