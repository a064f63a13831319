import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../../../test/support/fake-clock.ts'
import { createTestEnv, type FakeFile, type RigOptions } from '../../../test/support/plugin-rig.ts'
import type { PluginEnv } from '../../server/index.ts'
import { connectToCluster } from './connect.ts'
import { createRequestLimiter } from './request-limiter.ts'

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
const IN_CLUSTER = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }

function environment(options: RigOptions = {}): { readonly env: PluginEnv; readonly log: readonly string[] } {
  return createTestEnv({ ...options, clock: createFakeClock() })
}

function files(...texts: readonly (readonly [string, string])[]): Map<string, FakeFile> {
  return new Map(texts.map(([path, text]) => [path, { text, mtimeMs: 1 }]))
}

describe('connectToCluster()', () => {
  it("uses the pod's service account, its token read anew through the server's files", async () => {
    const account = files([`${ACCOUNT}/token`, 'first'], [`${ACCOUNT}/ca.crt`, 'CA'])
    const { env } = environment({ environment: IN_CLUSTER, files: account })
    const { access } = await connectToCluster({}, env)
    expect(access).toMatchObject({ server: 'https://10.96.0.1:443', tls: { ca: 'CA', insecureSkipVerify: false } })
    const { credential } = access
    account.set(`${ACCOUNT}/token`, { text: 'second', mtimeMs: 2 })
    expect(credential.kind === 'token-file' && credential.read?.(credential.path)).toBe('second')
  })

  it('goes on without the certificate authority, saying so', async () => {
    const { env, log } = environment({ environment: IN_CLUSTER, files: files([`${ACCOUNT}/token`, 't']) })
    expect((await connectToCluster({}, env)).access.tls.ca).toBeUndefined()
    expect(log).toEqual([
      expect.stringContaining(`error Expected to load root CA config from ${ACCOUNT}/ca.crt, but got err: ENOENT`),
    ])
  })

  it('puts an IPv6 address in brackets, and goes where the network maps it', async () => {
    const account = files([`${ACCOUNT}/token`, 't'], [`${ACCOUNT}/ca.crt`, 'CA'])
    const { env } = environment({ environment: { ...IN_CLUSTER, KUBERNETES_SERVICE_HOST: 'fd00::1' }, files: account })
    expect((await connectToCluster({}, env)).access.server).toBe('https://[fd00::1]:443')
    const network = { ...env.network, callTo: () => ({ address: '127.0.0.1', port: 6443 }) }
    expect((await connectToCluster({}, { ...env, network })).access.server).toBe('https://127.0.0.1:6443')
  })

  it('takes an endpoint with or without scheme, and certificates from files', async () => {
    const { env } = environment({ files: files(['/c', 'CERT'], ['/k', 'KEY'], ['/a', 'CA']) })
    expect((await connectToCluster({ endpoint: '192.0.2.1:8080' }, env)).access.server).toBe('http://192.0.2.1:8080')
    const tls = { cert: '/c', key: '/k', ca: '/a' }
    expect((await connectToCluster({ endpoint: '192.0.2.1:6443', tls }, env)).access).toMatchObject({
      server: 'https://192.0.2.1:6443',
      tls: { cert: 'CERT', key: 'KEY', ca: 'CA' },
    })
  })

  it('says in one line what is missing', async () => {
    const { env } = environment({ environment: IN_CLUSTER })
    await expect(connectToCluster({}, env)).rejects.toThrow(`unable to read ${ACCOUNT}/token: ENOENT`)
    await expect(connectToCluster({}, environment().env)).rejects.toThrow(
      'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
    )
    await expect(connectToCluster({ endpoint: 'http://[' }, env)).rejects.toThrow('endpoint "http://[" is no URL')
    const kubeconfig = { path: '/nowhere/kubeconfig', context: undefined }
    await expect(connectToCluster({ kubeconfig }, env)).rejects.toThrow('/nowhere/kubeconfig')
  })
})

describe('createRequestLimiter()', () => {
  it('lets a burst through, then so many a second', async () => {
    const clock = createFakeClock()
    const limit = createRequestLimiter({ qps: 2, burst: 3 }, clock)
    const doneAt: number[] = []
    const waits: number[] = []
    for (let at = 0; at < 5; at += 1) {
      void limit(
        async () => void doneAt.push(clock.monotonic()),
        (ms) => void waits.push(ms),
      )
    }
    await clock.advance(2000)
    expect(doneAt).toEqual([0, 0, 0, 500, 1000])
    expect(waits).toEqual([0, 0, 0, 500, 1000])
  })

  it('runs no more at a time than allowed, and goes on after a failure', async () => {
    const limit = createRequestLimiter({ maxInflight: 2 }, createFakeClock())
    let running = 0
    let most = 0
    const ends: (() => void)[] = []
    const request = async (): Promise<void> => {
      running += 1
      most = Math.max(most, running)
      await new Promise<void>((resolve) => void ends.push(resolve))
      running -= 1
      if (ends.length === 1) throw new Error('first fails')
    }
    const all = [1, 2, 3, 4].map(() => limit(request, () => undefined).catch(() => 'failed'))
    for (let done = 0; done < 4; done += 1) {
      await new Promise(setImmediate)
      ends[done]?.()
    }
    await Promise.all(all)
    expect(most).toBe(2)
    expect(ends).toHaveLength(4)
  })

  it('sends at once without limits', async () => {
    const waits: number[] = []
    await createRequestLimiter({}, createFakeClock())(
      async () => 'done',
      (ms) => void waits.push(ms),
    )
    expect(waits).toEqual([0])
  })
})
