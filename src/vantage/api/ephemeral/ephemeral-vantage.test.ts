import { afterEach, describe, expect, it } from 'vitest'
import { startLabApi } from '../../../../test/support/lab-api.ts'
import type { LabApi } from '../../../../test/support/lab-api.ts'
import { labClient } from '../../../../test/support/lab-client.ts'
import { podPrograms } from '../../../../test/support/pod-programs.ts'
import { startScriptedServer } from '../../../../test/support/scripted-server.ts'
import { query, response } from '../../../dns/index.ts'
import type { KubeClient } from '../../../kube/api/index.ts'
import { groupObjects, readList } from '../../../kube/objects/index.ts'
import type { Pod } from '../../../kube/objects/index.ts'
import { POD_TYPE } from '../../../lab/cluster/resource-types.ts'
import { objectAt, objectsAt } from '../../../lab/cluster/raw-object.ts'
import type { User } from '../../../lab/cluster/api/authorize.ts'
import type { ExchangeRequest, Vantage, Vantages } from '../../vantage.ts'
import type { Skipped } from '../../skipped.ts'
import { apiVantages } from '../api-vantages.ts'
import { DEFAULT_IMAGE } from './choose-image.ts'

const POD = { namespace: 'shop', name: 'web-5f6d8b9c47-2lkqs' }
const PATH = `/api/v1/namespaces/${POD.namespace}/pods/${POD.name}`
const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

interface Rig {
  readonly lab: LabApi
  readonly client: KubeClient
  readonly said: string[]
  readonly vantages: Vantages
  readonly pods: readonly Pod[]
  open(): Promise<Skipped | Vantage>
}

interface RigOptions {
  readonly image?: string
  readonly without?: readonly string[]
  readonly user?: User
}

async function startRig({ image, without = [], user }: RigOptions = {}): Promise<Rig> {
  const lab = await startLabApi(podPrograms({ without }).access)
  const client = labClient(lab, user)
  const admin = labClient(lab)
  const { pods } = groupObjects([readList(await admin.getJson(PATH))])
  const said: string[] = []
  const ephemeral = { pod: POD, image, say: (line: string) => void said.push(line) }
  const vantages = apiVantages({ client, pods, allowExec: false, ephemeral })
  endings.push(
    () => lab.close(),
    () => admin.close(),
    () => client.close(),
    () => vantages.close(),
  )
  return { lab, client, said, vantages, pods, open: () => vantages.at({ kind: 'pod', ...POD }) }
}

async function opened(rig: Rig): Promise<Vantage> {
  const vantage = await rig.open()
  if ('kind' in vantage) throw new Error(vantage.why)
  return vantage
}

function added({ lab }: Rig): { readonly name: unknown; readonly state: unknown }[] {
  const pod = lab.store.get(POD_TYPE, POD.namespace, POD.name) ?? {}
  return objectsAt(pod, 'status', 'ephemeralContainerStatuses').map(({ name, state }) => ({ name, state }))
}

function question(port: number, fields: Partial<ExchangeRequest> = {}): ExchangeRequest {
  const message = query({ name: 'kubernetes.default.svc.cluster.local.', type: 'A' })
  return { server: { address: '127.0.0.1', port }, message, transport: 'udp', timeoutMs: 5000, ...fields }
}

describe('apiVantages() with consent to add a container', () => {
  it('says what it is about to add, asks from there over UDP and TCP, ends it, and says what stays', async () => {
    const rig = await startRig()
    const server = await startScriptedServer(({ message }) => [{ kind: 'send', message: response(message) }])
    endings.push(() => server.close())
    const vantage = await opened(rig)
    expect(await rig.open()).toBe(vantage)
    const [announcement = ''] = rig.said
    const name = /name (fathom-[0-9a-f]{6})/.exec(announcement)?.[1]
    expect(announcement).toContain(`adding a container to pod shop/${POD.name}`)
    expect(announcement).toContain(`image ${DEFAULT_IMAGE}`)
    expect(added(rig)).toEqual([{ name, state: { running: expect.anything() as object } }])

    const [udp, tcp, closed, file] = await Promise.all([
      vantage.exchange(question(server.port, { id: 4711 })),
      vantage.exchange(question(server.port, { transport: 'tcp' })),
      vantage.exchange(question(1)),
      vantage.readFile('/etc/hosts'),
    ])
    expect(udp).toMatchObject({ kind: 'response', transport: 'udp', message: { id: 4711, flags: { qr: true } } })
    expect(tcp).toMatchObject({ kind: 'response', transport: 'tcp' })
    expect(closed).toMatchObject({ kind: 'refused', detail: 'connection refused' })
    expect(file).toMatchObject({ kind: 'file' })
    expect(await vantage.readFile('/etc/os-release')).toMatchObject({ kind: 'skipped' })

    await rig.vantages.close()
    expect(added(rig)).toEqual([{ name, state: { terminated: expect.objectContaining({ exitCode: 0 }) as object } }])
    expect(rig.said[1]).toMatch(/has ended; its entry stays in pod shop\/\S+ until the pod is deleted/)
  })

  it('ends the container once, and adds no other one afterwards', async () => {
    const rig = await startRig()
    await opened(rig)
    await Promise.all([rig.vantages.close(), rig.vantages.close()])
    expect(await rig.open()).toMatchObject({ kind: 'skipped', why: 'the run was ended' })
    expect(added(rig)).toHaveLength(1)
    expect(rig.said).toHaveLength(2)
  })

  it('adds nothing to any other pod', async () => {
    const rig = await startRig()
    const other = { ...POD, name: 'web-5f6d8b9c47-9bxhv' }
    const vantage = await rig.vantages.at({ kind: 'pod', ...other })
    expect(vantage).toMatchObject({ why: `pod shop/${other.name} is gone` })
    expect(rig.said).toEqual([])
  })

  it('takes an image that the node has instead of having one pulled', async () => {
    const rig = await startRig()
    const netshoot = 'docker.io/nicolaka/netshoot:v0.13'
    await patchNode(rig, { images: [{ names: ['docker.io/library/nginx@sha256:1', netshoot] }] })
    await opened(rig)
    expect(rig.said[0]).toContain(`image ${netshoot} (the node has it already)`)
  })

  it('keeps to the Pod Security level "restricted"', async () => {
    const rig = await startRig()
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
    await patch(rig, '/api/v1/namespaces/shop', { metadata: { labels } })
    await opened(rig)
    expect(added(rig)).toHaveLength(1)
  })
})

describe('apiVantages() says why there is no container', () => {
  it.each([
    {
      title: 'whose image cannot be pulled',
      options: { image: 'registry.invalid/tools:1' },
      why: /registry\.invalid\/tools:1\) in pod shop\/\S+ does not start: ErrImagePull: failed to pull .* no such host/,
      needs: /--image/,
    },
    {
      title: 'whose image has no bash',
      options: { image: 'busybox:1.36', without: ['bash'] },
      why: /busybox:1\.36\) in pod \S+ ended at once: StartError: exec: "bash": executable file not found/,
      needs: /an image with bash, dd, od, sed and timeout, such as --image registry\.k8s\.io/,
    },
  ])('$title', async ({ options, why, needs }) => {
    const rig = await startRig(options)
    const skipped = await rig.open()
    expect(skipped).toMatchObject({
      kind: 'skipped',
      why: expect.stringMatching(why) as string,
      needs: expect.stringMatching(needs) as string,
    })
    expect(rig.said.at(-1)).toMatch(/its entry stays there until the pod is deleted/)
  })

  it('for want of rights: nothing is announced, nothing is added', async () => {
    const rig = await startRig({ user: { name: 'dev', groups: [] } })
    expect(await rig.open()).toEqual({
      kind: 'skipped',
      why: 'forbidden',
      needs: 'patch pods/ephemeralcontainers, create, get pods/exec in shop',
    })
    expect(rig.said).toEqual([])
    expect(added(rig)).toEqual([])
  })

  it('on Windows', async () => {
    const rig = await startRig()
    await patchNode(rig, { nodeInfo: { operatingSystem: 'windows' } })
    expect(await rig.open()).toMatchObject({ kind: 'skipped', why: expect.stringMatching(/runs on Windows/) as string })
    expect(added(rig)).toEqual([])
  })

  it('in a pod that went after it was listed', async () => {
    const rig = await startRig()
    await rig.lab.call(PATH, { method: 'DELETE' })
    expect(await rig.open()).toMatchObject({ kind: 'skipped', why: expect.stringMatching(/not found/) as string })
  })
})

describe('apiVantages() with a container that was added', () => {
  it('says that the pod went away in the middle, and keeps what came before', async () => {
    const rig = await startRig()
    const server = await startScriptedServer(({ message }) => [{ kind: 'send', message: response(message) }])
    endings.push(() => server.close())
    const vantage = await opened(rig)
    expect(await vantage.exchange(question(server.port))).toMatchObject({ kind: 'response' })
    await rig.lab.call(PATH, { method: 'DELETE' })
    expect(await vantage.exchange(question(server.port))).toMatchObject({
      kind: 'skipped',
      why: expect.stringMatching(/not found/) as string,
    })
  })

  it('says that the API server ended in the middle of a question', async () => {
    const rig = await startRig()
    const server = await startScriptedServer(() => {
      void rig.lab.close()
      return []
    })
    endings.push(() => server.close())
    const vantage = await opened(rig)
    expect(await vantage.exchange(question(server.port))).toMatchObject({
      kind: 'skipped',
      why: expect.stringMatching(/closed the connection before the command ended/) as string,
    })
    await rig.vantages.close()
    expect(rig.said.at(-1)).toMatch(/could not be told to end and ends by itself within 15 minutes/)
  })
})

async function patch({ lab }: Rig, path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/merge-patch+json' }
  const { status } = await lab.call(path, { method: 'PATCH', body, headers })
  expect(status).toBe(200)
}

async function patchNode(rig: Rig, status: object): Promise<void> {
  const [pod] = rig.pods
  const { spec } = pod ?? {}
  await patch(rig, `/api/v1/nodes/${spec?.nodeName ?? ''}/status`, { status })
  const { json } = await rig.lab.call(`/api/v1/nodes/${spec?.nodeName ?? ''}`)
  expect(objectAt(json, 'status')).toMatchObject(status)
}
