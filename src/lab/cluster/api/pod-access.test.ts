import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startLabApi } from '../../../../test/support/lab-api.ts'
import type { LabApi } from '../../../../test/support/lab-api.ts'
import type { LogLine, PodAccess } from '../pod-access.ts'
import { textAt } from '../raw-object.ts'

const LINES: readonly LogLine[] = [
  { at: Date.parse('2020-09-02T06:00:00Z'), text: 'first' },
  { at: Date.parse('2020-09-02T06:10:00Z'), text: 'second' },
]
const PODS = '/api/v1/namespaces/kube-system/pods'

let podPort = 0

const access: PodAccess = {
  exec: () => Promise.reject(new Error('no process')),
  log: () => ({ lines: () => LINES, subscribe: () => () => undefined }),
  connect: (_pod, port) =>
    port === 9153
      ? new Promise((done) => {
          const socket = connect(podPort, '127.0.0.1', () => done(socket))
        })
      : Promise.reject(new Error('connect: connection refused')),
}

let lab: LabApi

beforeEach(async () => {
  lab = await startLabApi(access)
})
afterEach(() => lab.close())

describe('servePodLog() and serveProxy()', () => {
  const pod = `${PODS}/coredns-79c6f6447f-hp7ng`

  it('gives a log, its tail, and its times', async () => {
    expect(await lab.text(`${pod}/log`)).toBe('first\nsecond\n')
    expect(await lab.text(`${pod}/log?tailLines=1&timestamps=true`)).toBe('2020-09-02T06:10:00.000Z second\n')
    expect((await lab.call(`${pod}/log?container=nope`)).status).toBe(400)
    expect((await lab.call('/api/v1/namespaces/kubesphere-system/pods/redis-ha-server-0/log')).json).toMatchObject({
      message: 'a container name must be specified for pod redis-ha-server-0, choose one of: [redis sentinel]',
    })
  })

  it('passes HTTP on to a port of a pod, also by its name and through a Service', async () => {
    const server = createServer((socket) => {
      socket.once('data', (head) => {
        const line = head.toString().split('\r\n')[0] ?? ''
        socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${line}`)
      })
    })
    await new Promise<void>((done) => {
      server.listen(0, '127.0.0.1', done)
    })
    podPort = (server.address() as AddressInfo).port
    expect(await lab.text(`${pod}:9153/proxy/metrics?x=1`)).toBe('GET /metrics?x=1 HTTP/1.1')
    expect(await lab.text(`${pod}:metrics/proxy/metrics`)).toBe('GET /metrics HTTP/1.1')
    const services = '/api/v1/namespaces/kube-system/services'
    expect(await lab.text(`${services}/coredns:metrics/proxy/`)).toBe('GET / HTTP/1.1')
    await new Promise((done) => {
      server.close(done)
    })
  })

  it('says that nobody listens, and on which port', async () => {
    const { status, json } = await lab.call(`${pod}:8080/proxy/health`)
    expect(status).toBe(503)
    expect(textAt(json, 'message')).toContain('dial tcp 10.233.71.1:8080: connect: connection refused')
    expect((await lab.call(`${pod}:nope/proxy/`)).status).toBe(400)
    expect((await lab.call('/api/v1/namespaces/shop/services/payments/proxy/')).status).toBe(503)
  })
})
