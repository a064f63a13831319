// The fast path in a real server: the same octets as the chain gives, until what they were made from changes.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { namespace, service, slice } from '../../../test/support/cluster.ts'
import { startFakeApi } from '../../../test/support/fake-api.ts'
import type { FakeApi, FakeObject } from '../../../test/support/fake-api.ts'
import { startRig } from '../../../test/support/server-rig.ts'
import type { ServerRig } from '../../../test/support/server-rig.ts'
import { encodeMessage, query } from '../../dns/index.ts'
import { frameMessage } from '../../net/index.ts'
import { PLUGINS } from '../../plugins/index.ts'
import type { Plugin, PluginRegistry } from '../index.ts'

const SERVICES = '/api/v1/services'
const SLICES = '/apis/discovery.k8s.io/v1/endpointslices'

let api: FakeApi
let rig: ServerRig
/** Queries that reached the plugins, by their question. */
let reached: Map<string, number>

beforeEach(async () => {
  api = await startFakeApi()
  reached = new Map()
  put('/api/v1/namespaces', namespace('shop'))
  put(SERVICES, service('shop/web', { clusterIP: '10.0.0.1' }))
  put(SERVICES, service('shop/api', { clusterIP: '10.0.0.2' }))
  put(SERVICES, service('shop/db', { clusterIP: 'None' }))
  const endpoints = Array.from({ length: 10 }, (_, index) => ({ ip: `10.1.0.${index + 1}` }))
  put(SLICES, slice('shop/db', endpoints))
})

afterEach(async () => {
  await rig.server.stop({ atOnce: true })
  await api.close()
})

function put(path: string, object: unknown): void {
  api.put(path, object as FakeObject)
}

async function start(directives = ''): Promise<void> {
  const text = `.:53 {
    errors
    prometheus 127.0.0.1:0
    ${directives}
    loadbalance
    kubernetes cluster.local in-addr.arpa {
      endpoint ${api.url}
    }
  }`
  rig = await startRig(text, { plugins: counting(PLUGINS) })
}

/** The plugins, `kubernetes` counting what reaches it. */
function counting(plugins: PluginRegistry): PluginRegistry {
  return {
    ...plugins,
    kubernetes: async () => {
      const plugin: Plugin = (await plugins['kubernetes']?.()) ?? expect.unreachable()
      return {
        ...plugin,
        create(options, env) {
          const instance = plugin.create(options, env)
          const { handler } = instance
          if (handler === undefined) return instance
          return {
            ...instance,
            handler(request, next) {
              const key = `${request.question.name} ${request.type}`
              reached.set(key, (reached.get(key) ?? 0) + 1)
              return handler(request, next)
            },
          }
        },
      }
    },
  }
}

let nextId = 1

/** Asks over UDP; the response without its id, its octets in order where `sorted` (records may be in any order). */
async function ask(name: string, type: string): Promise<string> {
  const id = (nextId += 1)
  const octets = encodeMessage({ ...query({ name, type }), id })
  const socket = createSocket('udp4')
  socket.send(octets, rig.endpoint().port, '127.0.0.1')
  const [response] = (await once(socket, 'message')) as [Buffer]
  socket.close()
  expect(response.readUInt16BE(0)).toBe(id)
  return response.toString('hex', 2)
}

/** What shuffling cannot change. */
function unordered(response: string): string {
  return (response.match(/../g) ?? []).toSorted().join('')
}

const QUESTIONS = [
  ['web.shop.svc.cluster.local.', 'A'],
  ['WEB.shop.svc.Cluster.local.', 'A'],
  ['web.shop.svc.cluster.local.', 'AAAA'],
  ['_http._tcp.web.shop.svc.cluster.local.', 'SRV'],
  ['db.shop.svc.cluster.local.', 'A'],
  ['db.shop.svc.cluster.local.', 'SRV'],
  ['no.shop.svc.cluster.local.', 'A'],
  ['web.nowhere.svc.cluster.local.', 'A'],
  ['cluster.local.', 'SOA'],
  ['1.0.0.10.in-addr.arpa.', 'PTR'],
  ['10-1-0-1.shop.pod.cluster.local.', 'A'],
] as const

describe('the fast path', () => {
  it('gives the same octets as the chain, and asks the plugins no more', async () => {
    await start()
    for (const [name, type] of QUESTIONS) {
      const slow = unordered(await ask(name, type))
      for (let again = 0; again < 4; again += 1) expect(unordered(await ask(name, type)), `${name} ${type}`).toBe(slow)
      expect(reached.get(`${name} ${type}`), `${name} ${type}`).toBe(2)
    }
  })

  it('counts what the chain would count', async () => {
    await start()
    for (let time = 0; time < 5; time += 1) await ask('web.shop.svc.cluster.local.', 'A')
    const text = rig.server.metrics.render()
    expect(reached.get('web.shop.svc.cluster.local. A')).toBe(2)
    expect(text).toContain(
      'coredns_dns_requests_total{family="1",proto="udp",server="dns://:53",type="A",view="",zone="."} 5',
    )
    expect(text).toContain(
      'coredns_dns_responses_total{plugin="kubernetes",rcode="NOERROR",server="dns://:53",view="",zone="."} 5',
    )
    expect(text).toContain('coredns_dns_request_duration_seconds_count{server="dns://:53",view="",zone="."} 5')
    expect(text).toContain('coredns_dns_response_size_bytes_count{proto="udp",server="dns://:53",view="",zone="."} 5')
  })

  it('answers a changed Service anew and leaves the others alone', async () => {
    await start()
    const warm = async (name: string): Promise<string> => {
      await ask(name, 'A')
      await ask(name, 'A')
      return ask(name, 'A')
    }
    const before = await warm('web.shop.svc.cluster.local.')
    await warm('api.shop.svc.cluster.local.')
    const absent = await warm('new.shop.svc.cluster.local.')
    put(SERVICES, service('shop/web', { clusterIP: '10.0.0.99' }))
    put(SERVICES, service('shop/new', { clusterIP: '10.0.0.3' }))
    await vi.waitFor(async () => expect(await ask('new.shop.svc.cluster.local.', 'A')).not.toBe(absent))
    expect(await ask('web.shop.svc.cluster.local.', 'A')).not.toBe(before)
    await ask('api.shop.svc.cluster.local.', 'A')
    expect(reached.get('api.shop.svc.cluster.local. A')).toBe(2)
    api.remove(SERVICES, { namespace: 'shop', name: 'new' })
    await vi.waitFor(async () => expect((await ask('new.shop.svc.cluster.local.', 'A')).slice(2, 4)).toBe('03'))
  })

  it('renews the serial of kept denials', async () => {
    await start()
    for (let time = 0; time < 3; time += 1) await ask('no.shop.svc.cluster.local.', 'A')
    vi.spyOn(Date, 'now').mockReturnValue(2_000_000_000_000)
    put(SERVICES, service('shop/other', { clusterIP: '10.0.0.7' }))
    const serial = (2_000_000_000).toString(16)
    await vi.waitFor(async () => expect(await ask('no.shop.svc.cluster.local.', 'A')).toContain(serial))
    expect(reached.get('no.shop.svc.cluster.local. A')).toBe(2)
    vi.restoreAllMocks()
  })

  it('shuffles the addresses of a headless Service, each as often in front', async () => {
    await start()
    const first = new Map<string, number>()
    for (let time = 0; time < 300; time += 1) {
      const response = await ask('db.shop.svc.cluster.local.', 'A')
      const front = response.slice(-2 * 16 * 10).slice(24, 32)
      first.set(front, (first.get(front) ?? 0) + 1)
    }
    expect(first.size).toBe(10)
    expect(Math.min(...first.values())).toBeGreaterThan(5)
    expect(reached.get('db.shop.svc.cluster.local. A')).toBe(2)
  })

  it('answers a pipelined TCP connection from the same answers', async () => {
    await start()
    const octets = frameMessage(encodeMessage(query({ name: 'web.shop.svc.cluster.local.', type: 'A' })))
    const socket = connect(rig.endpoint().port, '127.0.0.1')
    const times = 500
    let received = Buffer.alloc(0)
    const done = new Promise<void>((resolve) => {
      socket.on('data', (more: Buffer) => {
        received = Buffer.concat([received, more])
        if (received.length >= times * (received.readUInt16BE(0) + 2)) resolve()
      })
    })
    socket.write(Buffer.concat(Array.from({ length: times }, () => octets)))
    await done
    socket.destroy()
    const size = received.readUInt16BE(0) + 2
    const one = received.subarray(0, size)
    for (let at = 0; at < received.length; at += size) expect(received.subarray(at, at + size).equals(one)).toBe(true)
    expect(reached.get('web.shop.svc.cluster.local. A')).toBe(2)
  })

  it('keeps answers per client behind acl', async () => {
    await start('acl {\n block net 127.0.0.2/32\n }')
    for (let time = 0; time < 3; time += 1) await ask('web.shop.svc.cluster.local.', 'A')
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.2')
    await once(socket, 'listening')
    socket.send(
      encodeMessage(query({ name: 'web.shop.svc.cluster.local.', type: 'A' })),
      rig.endpoint().port,
      '127.0.0.1',
    )
    const [response] = (await once(socket, 'message')) as [Buffer]
    socket.close()
    expect((response[3] ?? 0) & 15).toBe(5)
    expect(reached.get('web.shop.svc.cluster.local. A')).toBe(2)
  })

  it('lets TTLs of cache hits run down and asks again when they are over', async () => {
    await start('cache 2')
    const name = 'web.shop.svc.cluster.local.'
    const ttlOf = (response: string): number => Number.parseInt(response.slice(-20, -12), 16)
    const seen = new Set<number>()
    await vi.waitFor(
      async () => {
        seen.add(ttlOf(await ask(name, 'A')))
        expect(reached.get(`${name} A`)).toBe(2)
      },
      { timeout: 5000, interval: 50 },
    )
    expect([...seen]).toEqual([2, 1])
  })
})
