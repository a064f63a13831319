// Changing over under load, to other ports, and what becomes of things that outlive a configuration.
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startRig } from '../../test/support/server-rig.ts'
import type { ServerRig } from '../../test/support/server-rig.ts'
import { respond } from './index.ts'
import type { PluginRegistry } from './index.ts'

let rig: ServerRig | undefined

afterEach(async () => {
  await rig?.server.stop({ atOnce: true })
  rig = undefined
})

/** Answers, every other query a little later. */
const PLUGINS: PluginRegistry = {
  whoami: async () => ({
    name: 'whoami',
    parse: () => undefined,
    create: () => {
      let count = 0
      return {
        handler(request) {
          count += 1
          const outcome = respond(request, { by: 'whoami' })
          if (count % 2 === 0) return outcome
          return new Promise((resolve) => {
            setImmediate(() => resolve(outcome))
          })
        },
      }
    },
  }),
}

describe('Server.reload()', () => {
  it('loses no query over UDP and TCP', async () => {
    let round = 0
    rig = await startRig(() => `. zone${round} {\n whoami\n}`, { plugins: PLUGINS })
    const { ask, server } = rig
    const state = { reloading: true, answered: 0 }
    const client = async (transport: 'tcp' | 'udp'): Promise<void> => {
      while (state.reloading) {
        expect((await ask({ name: 'x.example.org' }, { transport })).rcode).toBe('NOERROR')
        state.answered += 1
      }
    }
    const clients = Promise.all(
      ['udp', 'udp', 'udp', 'tcp', 'tcp'].map((transport) => client(transport as 'tcp' | 'udp')),
    )
    for (round = 1; round <= 20; round += 1) {
      await server.reload()
      // Without a turn of the event loop no query would come between two reloads.
      await ask({ name: 'between.example.org' })
    }
    state.reloading = false
    await clients
    expect(state.answered).toBeGreaterThan(20)
  })

  it('keeps an open TCP connection', async () => {
    rig = await startRig('. {\n whoami\n}', { plugins: PLUGINS })
    const { address, port } = rig.endpoint()
    const client = connect(port, address)
    await once(client, 'connect')
    const query = Buffer.from('00171234010000010000000000000178026f72670000010001', 'hex')
    query.writeUInt16BE(query.length - 2)
    client.write(query)
    await once(client, 'data')
    await rig.server.reload()
    client.write(query)
    const [response] = (await once(client, 'data')) as [Buffer]
    expect(response.readUInt16BE(2)).toBe(0x1234)
    client.destroy()
  })

  it('opens new ports before it closes old ones', async () => {
    let port = 5301
    rig = await startRig(() => `.:53 .:${port} {\n whoami\n}`, { plugins: PLUGINS })
    const { server, ask, endpoint } = rig
    const old = endpoint('dns://:5301')
    port = 5302
    await server.reload()
    expect((await ask({ name: 'x' }, { label: 'dns://:5302' })).rcode).toBe('NOERROR')
    expect(() => endpoint('dns://:5301')).toThrow('no listener')
    await expect
      .poll(async () => {
        const client = connect(old.port, old.address)
        return new Promise((resolve) => {
          client.on('connect', () => {
            client.destroy()
            resolve('open')
          })
          client.on('error', () => resolve('closed'))
        })
      })
      .toBe('closed')
  })

  it('runs one after the other, and not while the server stops', async () => {
    rig = await startRig('. {\n whoami\n}', { plugins: PLUGINS })
    const { server, output } = rig
    await Promise.all([server.reload(), server.reload(), server.reload()])
    await server.stop()
    await server.reload()
    expect(output().match(/Reloading\n/g)).toHaveLength(3)
    expect(output().match(/Reloading\n\[INFO\] Reloading complete\n/g)).toHaveLength(3)
  })

  it('hands shared things on, and closes them when nobody uses them any more', async () => {
    const made: string[] = []
    const closed: string[] = []
    const sharing: PluginRegistry = {
      whoami: async () => ({
        name: 'whoami',
        parse(dispenser) {
          dispenser.next()
          return dispenser.remainingArgs()
        },
        create: (keys, env) => {
          for (const key of keys as string[]) {
            env.shared(
              key,
              () => {
                made.push(key)
                return key
              },
              (value) => {
                closed.push(value)
              },
            )
          }
          return { handler: (request) => respond(request, { by: 'whoami' }) }
        },
      }),
    }
    let text = '. {\n whoami a b\n}'
    rig = await startRig(() => text, { plugins: sharing })
    text = '. {\n whoami b c\n}'
    await rig.server.reload()
    await expect.poll(() => closed).toEqual(['a'])
    text = '. {\n whoami d\n nosuch\n}'
    await expect(rig.server.reload()).rejects.toThrow('nosuch')
    expect(made).toEqual(['a', 'b', 'c'])
    await rig.server.stop()
    expect(closed).toEqual(['a', 'b', 'c'])
  })
})
