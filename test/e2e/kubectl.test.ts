// The real kubectl against the lab's API server. The same calls were made with kubectl 1.20 and 1.32.
import { execFile, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { POD_TYPE } from '../../src/lab/cluster/resource-types.ts'
import { LoopbackLab, readDescription } from '../../src/lab/index.ts'

const KUBECTL = process.env['KUBECTL'] ?? 'kubectl'
const hasKubectl = spawnSync(KUBECTL, ['version', '--client'], { stdio: 'ignore' }).status === 0
const title = hasKubectl ? 'kubectl' : 'kubectl (skipped: there is no kubectl on this machine; set KUBECTL to one)'

interface Finished {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

describe.skipIf(!hasKubectl)(title, () => {
  let lab: LoopbackLab
  let folder = ''
  let env: NodeJS.ProcessEnv = {}

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fathom-kubectl-'))
    lab = await LoopbackLab.start(readDescription(resolve(import.meta.dirname, '../../lab/reference')))
    writeFileSync(join(folder, 'kubeconfig'), lab.kubeconfig('test'), { mode: 0o600 })
    // A home of its own: kubectl caches discovery there.
    env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: join(folder, 'kubeconfig') }
  })
  afterAll(async () => {
    await lab.close()
    rmSync(folder, { recursive: true, force: true })
  })

  function kubectl(...args: readonly string[]): Promise<Finished> {
    return new Promise((done) => {
      execFile(KUBECTL, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        done({ status: error === null ? 0 : Number(error.code), stdout, stderr })
      })
    })
  }

  function manifest(text: string): string {
    const path = join(folder, 'manifest.yaml')
    writeFileSync(path, text)
    return path
  }

  it("prints the nodes as the story's kubectl did", async () => {
    const { stdout } = await kubectl('get', 'nodes', '-o', 'wide')
    const [head, first] = stdout.split('\n').map((line) => line.split(/ {2,}/))
    expect(head).toEqual([
      'NAME',
      'STATUS',
      'ROLES',
      'AGE',
      'VERSION',
      'INTERNAL-IP',
      'EXTERNAL-IP',
      'OS-IMAGE',
      'KERNEL-VERSION',
      'CONTAINER-RUNTIME',
    ])
    expect(first).toEqual([
      'node1',
      'Ready',
      'master,worker',
      '13d',
      'v1.17.6',
      '192.168.0.2',
      '<none>',
      'CentOS Linux 7 (Core)',
      '3.10.0-1062.el7.x86_64',
      'docker://19.3.12',
    ])
  })

  it("prints CoreDNS's pods and Service as the story's kubectl did", async () => {
    const pods = await kubectl('-n', 'kube-system', 'get', 'po', '-l', 'k8s-app=kube-dns', '-o', 'wide')
    expect(pods.stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE', 'IP', 'NODE', 'NOMINATED NODE', 'READINESS GATES'],
      ['coredns-79c6f6447f-6f9xp', '1/1', 'Running', '0', '13d', '10.233.74.65', 'node4', '<none>', '<none>'],
      ['coredns-79c6f6447f-hp7ng', '1/1', 'Running', '0', '13d', '10.233.71.1', 'node3', '<none>', '<none>'],
      [''],
    ])
    const service = await kubectl('-n', 'kube-system', 'get', 'svc', 'coredns')
    expect(service.stdout).toMatch(/coredns +ClusterIP +10\.233\.0\.3 +<none> +53\/UDP,53\/TCP,9153\/TCP +13d/)
  })

  it.each([
    { args: ['get', 'pods', '-A', '-o', 'wide'], contains: 'redis-ha-server-1' },
    { args: ['get', 'svc,endpointslices,cm', '-A', '-o', 'yaml'], contains: 'kind: EndpointSlice' },
    { args: ['get', 'deploy,ds,sts,rs,ns,events', '-A'], contains: 'DNSConfigForming' },
    { args: ['get', 'netpol,ep,sa,clusterrole', '-A'], contains: 'system:coredns' },
    {
      args: ['describe', 'pod', '-n', 'kube-system', 'coredns-79c6f6447f-hp7ng'],
      contains: 'Nameserver limits were exceeded',
    },
    { args: ['describe', 'svc', '-n', 'kube-system', 'coredns'], contains: 'TargetPort:' },
    { args: ['describe', 'node', 'node3'], contains: 'CalicoIsUp' },
    { args: ['logs', '-n', 'kube-system', 'coredns-79c6f6447f-hp7ng'], contains: '.:53' },
    { args: ['api-resources'], contains: 'endpointslices' },
    { args: ['version'], contains: '1.17' },
    { args: ['cluster-info'], contains: 'is running at' },
    {
      args: ['get', '--raw', '/api/v1/namespaces/kube-system/pods/coredns-79c6f6447f-hp7ng:9153/proxy/metrics'],
      contains: 'coredns_build_info',
    },
    {
      args: ['get', '--raw', '/api/v1/namespaces/kube-system/services/coredns:metrics/proxy/metrics'],
      contains: 'coredns_build_info',
    },
    { args: ['auth', 'can-i', 'list', 'pods'], contains: 'yes' },
    {
      args: ['get', 'pods', '-n', 'shop', '--field-selector', 'spec.nodeName=node1', '-o', 'name'],
      contains: 'pod/web-',
    },
  ])('kubectl $args', async ({ args, contains }) => {
    const { status, stdout, stderr } = await kubectl(...args)
    expect({ status, stderr: stderr.replaceAll(/^WARNING: version difference.*$/gm, '').trim() }).toEqual({
      status: 0,
      stderr: '',
    })
    expect(stdout).toContain(contains)
  })

  it('applies, changes and deletes manifests', async () => {
    const text = (value: string): string => `apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {key: "${value}"}
---
apiVersion: v1
kind: Service
metadata: {name: extra, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
`
    expect((await kubectl('apply', '-f', manifest(text('1')))).stdout).toBe(
      'configmap/settings created\nservice/extra created\n',
    )
    expect((await kubectl('apply', '-f', manifest(text('2')))).stdout).toBe(
      'configmap/settings configured\nservice/extra unchanged\n',
    )
    expect((await kubectl('-n', 'shop', 'get', 'cm', 'settings', '-o', 'jsonpath={.data.key}')).stdout).toBe('2')
    const endpoints = await kubectl('-n', 'shop', 'get', 'endpoints', 'extra')
    expect(endpoints.stdout).toContain('10.233.71.20:8080')
    expect((await kubectl('delete', '-f', manifest(text('2')))).status).toBe(0)
    const gone = await kubectl('-n', 'shop', 'get', 'svc', 'extra')
    expect(gone).toMatchObject({ status: 1, stderr: 'Error from server (NotFound): services "extra" not found\n' })
  })

  it('creates and deletes a namespace with what is in it', async () => {
    expect((await kubectl('create', 'namespace', 'fresh')).stdout).toBe('namespace/fresh created\n')
    expect((await kubectl('-n', 'fresh', 'create', 'configmap', 'a', '--from-literal=k=v')).status).toBe(0)
    expect((await kubectl('delete', 'namespace', 'fresh')).status).toBe(0)
    expect((await kubectl('-n', 'fresh', 'get', 'cm', '-o', 'name')).stdout).toBe('')
  })

  it('creates a Deployment, and says that fields are not documented', async () => {
    expect((await kubectl('-n', 'shop', 'create', 'deployment', 'made', '--image=nginx', '--replicas=2')).stdout).toBe(
      'deployment.apps/made created\n',
    )
    expect((await kubectl('-n', 'shop', 'rollout', 'status', 'deployment', 'made', '--timeout=20s')).status).toBe(0)
    expect((await kubectl('-n', 'shop', 'delete', 'deployment', 'made')).status).toBe(0)
    expect(await kubectl('explain', 'svc')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/The lab has\s+no\s+documentation/) as string,
    })
  })

  it('shows since when a crashed container had run, and that kubelet waits', async () => {
    const pod = lab.store.list(POD_TYPE, 'kube-system').find(({ metadata }) => metadata.name.startsWith('coredns-'))
    const name = pod?.metadata.name ?? ''
    await lab.pods.crash('kube-system', name, 'out of memory')
    const { stdout } = await kubectl('-n', 'kube-system', 'describe', 'pod', name)
    expect(stdout).toMatch(/Last State: +Terminated\n.*\n.*\n +Started: +(?!Mon, 01 Jan 0001).* 20\d\d /)
    expect(stdout).toMatch(/Warning +BackOff .*Back-off restarting failed container/)
    await kubectl('-n', 'kube-system', 'delete', 'pod', name)
  })

  it('watches', async () => {
    const watching = spawn(KUBECTL, ['-n', 'shop', 'get', 'pods', '-w', '-o', 'name'], { env })
    let seen = ''
    watching.stdout.setEncoding('utf8').on('data', (text: string) => {
      seen += text
    })
    try {
      await expect.poll(() => seen.split('\n').length, { timeout: 10_000 }).toBeGreaterThan(7)
      const before = seen.length
      await kubectl('-n', 'shop', 'label', 'pod', '-l', 'app=api', 'seen=yes')
      await expect.poll(() => seen.slice(before), { timeout: 10_000 }).toContain('pod/api-')
    } finally {
      watching.kill()
    }
  })

  it('restarts and waits for a rollout, whose new pods answer', async () => {
    expect((await kubectl('-n', 'kube-system', 'rollout', 'restart', 'deployment', 'coredns')).status).toBe(0)
    expect(
      (await kubectl('-n', 'kube-system', 'rollout', 'status', 'deployment', 'coredns', '--timeout=20s')).status,
    ).toBe(0)
    const { stdout } = await kubectl('-n', 'kube-system', 'get', 'pods', '-l', 'k8s-app=kube-dns', '-o', 'name')
    expect(stdout.trim().split('\n')).toHaveLength(2)
    expect(stdout).not.toContain('79c6f6447f')
  })

  it('is refused what the roles of another user do not allow, until they do', async () => {
    const refused = await kubectl('get', 'pods', '-n', 'shop', '--as=dev')
    expect(refused).toMatchObject({ status: 1 })
    expect(refused.stderr).toContain('User "dev" cannot list resource "pods" in API group "" in the namespace "shop"')
    expect((await kubectl('auth', 'can-i', 'list', 'pods', '--as=dev')).stdout).toMatch(/^no/)
    await kubectl('-n', 'shop', 'create', 'role', 'reader', '--verb=list,get', '--resource=pods')
    await kubectl('-n', 'shop', 'create', 'rolebinding', 'reader', '--role=reader', '--user=dev')
    expect((await kubectl('get', 'pods', '-n', 'shop', '--as=dev', '-o', 'name')).status).toBe(0)
    await kubectl('-n', 'shop', 'delete', 'rolebinding', 'reader')
    expect((await kubectl('get', 'pods', '-n', 'shop', '--as=dev')).status).toBe(1)
  })
})
