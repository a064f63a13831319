// kubectl's exec, port-forward and debug against the lab's API server, over WebSocket and over SPDY as older clients do.
import { execFile, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { query } from '../../src/dns/index.ts'
import { POD_TYPE } from '../../src/lab/cluster/resource-types.ts'
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

  async function podOf(namespace: string, at = 0): Promise<string> {
    const { out } = await kubectl('true', 'get', 'pods', '-n', namespace, '-o', 'name')
    return out.trim().split('\n')[at]?.replace('pod/', '') ?? ''
  }

  it('adds an ephemeral container by kubectl debug, runs its program, and keeps its log', async () => {
    const pod = await podOf('shop')
    const inShop = ['-n', 'shop', pod]
    await kubectl('true', 'debug', ...inShop, '--image=busybox:1.36', '-c', 'look', '--', 'hostname')
    const path = '{.status.ephemeralContainerStatuses[0].state.terminated.exitCode}'
    await kubectl('true', 'wait', '--for', `jsonpath=${path}=0`, 'pod', ...inShop, '--timeout=10s')
    expect((await kubectl('true', 'logs', ...inShop, '-c', 'look')).out).toBe(`${pod}\n`)
  })

  it('says by kubectl debug why an image does not come, and refuses what Pod Security forbids', async () => {
    const pod = await podOf('shop', 1)
    const inShop = ['-n', 'shop', pod]
    await kubectl('true', 'debug', ...inShop, '--image=registry.invalid/tools:1', '-c', 'none', '--', 'true')
    const reason = '{.status.ephemeralContainerStatuses[0].state.waiting.reason}'
    expect((await kubectl('true', 'get', 'pod', ...inShop, '-o', `jsonpath=${reason}`)).out).toBe('ErrImagePull')
    await kubectl('true', 'label', 'namespace', 'shop', 'pod-security.kubernetes.io/enforce=restricted')
    const refused = await kubectl('true', 'debug', ...inShop, '--image=busybox:1.36', '--', 'true')
    await kubectl('true', 'label', 'namespace', 'shop', 'pod-security.kubernetes.io/enforce-')
    expect(refused.err).toContain('violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false')
  })

  it('follows a log until the pod is gone (kubectl logs -f)', async () => {
    const pod = 'coredns-79c6f6447f-hp7ng'
    const args = ['logs', '-f', '--tail=1', '-n', 'kube-system', pod]
    const child = spawn(KUBECTL, args, { env: environment('true'), stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise<number | null>((done) => void child.once('exit', done))
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    // The last line that was there; from then on it follows.
    expect((await lines.next()).done).toBe(false)
    const object = lab.store.get(POD_TYPE, 'kube-system', pod)
    if (object === undefined) throw new Error('the reference cluster has this replica')
    lab.pods.log(object, 'coredns')?.write('[INFO] written later')
    expect((await lines.next()).value).toBe('[INFO] written later')
    await kubectl('true', 'delete', 'pod', '-n', 'kube-system', pod, '--wait=false')
    expect(await ended).toBe(0)
  })

  it('serves pages of pods through kubectl proxy', async () => {
    const args = ['proxy', '--port=0', '--address=127.0.0.1']
    const child = spawn(KUBECTL, args, { env: environment('true'), stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [first] = await once(createInterface({ input: child.stdout }), 'line')
      const port = /127\.0\.0\.1:(\d+)/.exec(String(first))?.[1]
      const page = `api/v1/namespaces/kube-system/pods/coredns-79c6f6447f-6f9xp:8080/proxy/health`
      const answer = await fetch(`http://127.0.0.1:${port}/${page}`)
      expect(await answer.text()).toBe('OK')
    } finally {
      child.kill()
    }
  })
})
