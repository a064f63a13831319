import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { isAddressHeld } from './held-addresses.ts'

describe.skipIf(process.platform !== 'linux')('isAddressHeld()', () => {
  it.each(['127.0.0.1', '::1'])('finds a socket at %s while it is open', async (address) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
    socket.bind(0, address)
    await once(socket, 'listening')
    const { port } = socket.address()
    expect(isAddressHeld([address], port)).toBe(true)
    expect(isAddressHeld(['127.0.0.77'], port)).toBe(false)
    const closed = once(socket, 'close')
    socket.close()
    await closed
    expect(isAddressHeld([address], port)).toBe(false)
  })
})

describe('isAddressHeld()', () => {
  it('finds nothing in an empty table', () => {
    expect(isAddressHeld(['169.254.25.10'], 53, [''])).toBe(false)
  })
})
