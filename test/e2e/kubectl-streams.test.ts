// kubectl's exec, port-forward and debug against the lab's API server, over WebSocket and over SPDY as older clients do.
import { execFile, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { query } from '../../src/dns/index.ts'
import { LoopbackLab, readDescription } from '../../src/lab/index.ts'
import { exchange } from '../../src/net/index.ts'

const KUBECTL = process.env['KUBECTL'] ?? 'kubectl'
const hasKubectl = spawnSync(KUBECTL, ['version', '--client'], { stdio: 'ignore' }).status === 0
const title = hasKubectl ? 'kubectl' : 'kubectl (skipped: there is no kubectl on this machine; set KUBECTL to one)'

/** kubectl's own switches; a kubectl that does not know them speaks SPDY anyway. */
const PROTOCOLS = [
  { protocol: 'WebSocket', webSockets: 'true' },
  { protocol: 'SPDY', webSockets: 'false' },
]

describe.skipIf(!hasKubectl)(title, () => {
  let lab: LoopbackLab
  let folder = ''

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fathom-kubectl-'))
    lab = await LoopbackLab.start(readDescription(resolve(import.meta.dirname, '../../lab/reference')))
    writeFileSync(join(folder, 'kubeconfig'), lab.kubeconfig('test'), { mode: 0o600 })
  })
  afterAll(async () => {
    await lab.close()
    rmSync(folder, { recursive: true, force: true })
  })

  function environment(webSockets: string): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'],
      HOME: folder,
      KUBECONFIG: join(folder, 'kubeconfig'),
      KUBECTL_REMOTE_COMMAND_WEBSOCKETS: webSockets,
      KUBECTL_PORT_FORWARD_WEBSOCKETS: webSockets,
    }
  }

  function kubectl(
    webSockets: string,
    ...args: readonly string[]
  ): Promise<{ status: number; out: string; err: string }> {
    return new Promise((done) => {
      execFile(KUBECTL, args, { env: environment(webSockets) }, (error, out, err) => {
        done({ status: error === null ? 0 : Number(error.code), out, err })
      })
    })
  }

  describe.each(PROTOCOLS)('over $protocol', ({ webSockets }) => {
    const exec = ['exec', '-n', 'kube-system']

    it("shows a pod's file, and passes both outputs and the exit status on", async () => {
      const command = [...exec, 'kube-proxy-b8zt2', '--', 'cat', '/etc/resolv.conf', '/none']
      const { status, out, err } = await kubectl(webSockets, ...command)
      expect(out).toMatch(/^nameserver 100\.64\.11\.3$/m)
      expect(err).toContain('cat: /none: No such file or directory')
      expect(status).toBe(1)
    })

    it('says that an image has no shell', async () => {
      const { status, err } = await kubectl(webSockets, ...exec, 'coredns-79c6f6447f-6f9xp', '--', 'sh')
      expect(err).toContain('exec: "sh": executable file not found in $PATH')
      expect(status).toBe(1)
    })

    it('says that a container or a pod is not there', async () => {
      expect((await kubectl(webSockets, ...exec, 'nobody', '--', 'cat')).err).toContain('pods "nobody" not found')
      const wrong = await kubectl(webSockets, ...exec, 'kube-proxy-b8zt2', '-c', 'nope', '--', 'cat')
      expect(wrong.err).toContain('container')
    })

    it('forwards a port, for several connections one after another', async () => {
      const args = ['port-forward', '-n', 'kube-system', 'svc/coredns', ':53', '--address', '127.0.0.1']
      const child = spawn(KUBECTL, args, { env: environment(webSockets), stdio: ['ignore', 'pipe', 'inherit'] })
      try {
        const port = await new Promise<number>((done, fail) => {
          child.once('exit', () => fail(new Error('kubectl ended')))
          createInterface({ input: child.stdout }).on('line', (line) => {
            const found = /127\.0\.0\.1:(\d+) -> 53/.exec(line)?.[1]
            if (found !== undefined) done(Number(found))
          })
        })
        for (const name of ['kubernetes.default.svc.cluster.local.', 'coredns.kube-system.svc.cluster.local.']) {
          const message = query({ name, type: 'A' })
          const server = { address: '127.0.0.1', port }
          const result = await exchange({ server, message, transport: 'tcp', timeoutMs: 10_000 })
          expect(result).toMatchObject({ kind: 'response', message: { rcode: 'NOERROR' } })
        }
      } finally {
        child.kill()
      }
    })
  })

  it('adds an ephemeral container by kubectl debug', async () => {
    const add = ['debug', '-n', 'shop', 'web-0', '--image=busybox:1.36', '-c', 'look', '--', 'true']
    const { out: names } = await kubectl('true', 'get', 'pods', '-n', 'shop', '-o', 'name')
    const pod = names.trim().split('\n')[0]?.replace('pod/', '') ?? ''
    await kubectl('true', ...add.map((word) => (word === 'web-0' ? pod : word)))
    const path = '{.status.ephemeralContainerStatuses[0].name}'
    expect((await kubectl('true', 'get', 'pod', '-n', 'shop', pod, '-o', `jsonpath=${path}`)).out).toBe('look')
  })
})
