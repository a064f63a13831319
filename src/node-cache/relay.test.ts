import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { startRig } from '../../test/support/server-rig.ts'
import { systemClock } from '../base/index.ts'
import { query } from '../dns/index.ts'
import { exchange } from '../net/index.ts'
import { PLUGINS } from '../plugins/index.ts'
import { openRelay } from './relay.ts'

async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  const listening = once(socket, 'listening')
  socket.bind(0, '127.0.0.1')
  await listening
  const { port } = socket.address()
  const closed = once(socket, 'close')
  socket.close()
  await closed
  return port
}

describe('openRelay()', () => {
  it('sends queries on over their own transport, and frees the address when it closes', async () => {
    const upstream = await startRig('. {\n whoami\n}', { plugins: PLUGINS })
    const port = await freePort()
    const options = { localAddresses: ['127.0.0.1'], port, upstream: upstream.endpoint(), clock: systemClock }
    const relay = await openRelay(options)
    const server = { address: '127.0.0.1', port }
    for (const transport of ['udp', 'tcp'] as const) {
      const result = await exchange({ server, transport, message: query({ name: 'example.org' }), timeoutMs: 5000 })
      if (result.kind !== 'response') throw new Error(result.kind)
      const service = result.message.additional.find(({ type }) => type === 'SRV')
      expect(service?.name).toBe(`_${transport}.example.org.`)
    }
    await relay.close(0)
    const again = await openRelay(options)
    await again.close(0)
    await upstream.server.stop({ atOnce: true })
  })
})
