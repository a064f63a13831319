// A made-up /proc: folders of processes whose namespaces are links with the kernel's own texts.
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LocateOptions } from './locate.ts'
import { locateNetns, locateNode, locatePod, locateProcess } from './locate.ts'

const UID = '0b7e4a0e-3f0c-4b0f-9f43-9a7d1f5f6c11'
const OLD_UID = '11111111-3f0c-4b0f-9f43-9a7d1f5f6c11'
const POD = { kind: 'pod', namespace: 'default', name: 'web-0' } as const
const NODE_NETNS = 'net:[1]'

let folder = ''
let proc = ''
let podLogs = ''
let options: LocateOptions = {}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fathom-proc-'))
  proc = join(folder, 'proc')
  podLogs = join(folder, 'pods')
  options = { proc, podLogs, nodeName: 'node1' }
  await mkdir(podLogs)
  await addProcess(1, { comm: 'systemd', netns: NODE_NETNS })
})
afterEach(() => rm(folder, { recursive: true, force: true }))

interface FakeProcess {
  readonly comm: string
  readonly netns: string
  readonly podUid?: string
  readonly scope?: string
}

async function addProcess(pid: number, { comm, netns, podUid, scope = 'cri-containerd-' }: FakeProcess): Promise<void> {
  const at = join(proc, `${pid}`)
  await mkdir(join(at, 'ns'), { recursive: true })
  await writeFile(join(at, 'comm'), `${comm}\n`)
  const slice =
    podUid === undefined ? '/init.scope' : `/kubepods.slice/kubepods-pod${podUid.replaceAll('-', '_')}.slice`
  await writeFile(join(at, 'cgroup'), `0::${slice}/${scope}${'ab'.repeat(32)}.scope\n`)
  await symlink(netns, join(at, 'ns', 'net'))
}

const addLogs = (uid: string): Promise<unknown> => mkdir(join(podLogs, `default_web-0_${uid}`))

describe('locatePod()', () => {
  it('enters through a container, not through the sandbox, and reads its files', async () => {
    await addLogs(UID)
    await addProcess(20, { comm: 'pause', netns: 'net:[7]', podUid: UID })
    await addProcess(30, { comm: 'nginx', netns: 'net:[7]', podUid: UID })
    expect(await locatePod(POD, options)).toEqual({
      netns: join(proc, '30/ns/net'),
      how: 'namespace of pod default/web-0 (process 30)',
      files: [{ kind: 'root', path: join(proc, '30/root') }],
    })
  })

  it('leaves out what a container made for itself: the sandbox says which namespace is the pod’s', async () => {
    await addLogs(UID)
    await addProcess(20, { comm: 'pause', netns: 'net:[7]', podUid: UID })
    await addProcess(30, { comm: 'dockerd', netns: 'net:[8]', podUid: UID })
    expect(await locatePod(POD, options)).toMatchObject({ netns: join(proc, '20/ns/net') })
  })

  it('never takes the node’s namespace for a pod’s where a runtime’s helper shares the cgroup', async () => {
    await addLogs(UID)
    await addProcess(20, { comm: 'conmon', netns: NODE_NETNS, podUid: UID, scope: 'crio-conmon-' })
    await addProcess(25, { comm: 'hook', netns: NODE_NETNS, podUid: UID })
    await addProcess(30, { comm: 'app', netns: 'net:[7]', podUid: UID })
    expect(await locatePod(POD, options)).toMatchObject({ netns: join(proc, '30/ns/net') })
  })

  it('takes the node’s namespace for a hostNetwork pod', async () => {
    await addLogs(UID)
    await addProcess(20, { comm: 'pause', netns: NODE_NETNS, podUid: UID })
    await addProcess(30, { comm: 'kube-proxy', netns: NODE_NETNS, podUid: UID })
    expect(await locatePod(POD, options)).toMatchObject({ netns: join(proc, '30/ns/net') })
  })

  it('finds the pod that runs where its name was used before', async () => {
    await addLogs(OLD_UID)
    await addLogs(UID)
    await addProcess(30, { comm: 'app', netns: 'net:[7]', podUid: UID })
    expect(await locatePod(POD, options)).toMatchObject({ netns: join(proc, '30/ns/net') })
  })

  it('goes by the UID that the API server gave, without logs', async () => {
    await addProcess(30, { comm: 'app', netns: 'net:[7]', podUid: UID })
    const found = await locatePod(POD, { ...options, uidOf: () => UID })
    expect(found).toMatchObject({ netns: join(proc, '30/ns/net') })
  })

  it('says that a pod is elsewhere, has ended, or that this is no node', async () => {
    expect(await locatePod(POD, options)).toMatchObject({ why: 'pod default/web-0 is not on this machine' })
    await addLogs(UID)
    expect(await locatePod(POD, options)).toMatchObject({
      why: 'pod default/web-0 has no process on this machine: it ended, or waits',
    })
    expect(await locatePod(POD, { ...options, podLogs: join(folder, 'none') })).toMatchObject({
      why: `this machine runs no pods: it has no ${join(folder, 'none')}`,
    })
  })

  it('takes no pod whose name only begins alike', async () => {
    await mkdir(join(podLogs, `default_web-01_${UID}`))
    expect(await locatePod(POD, options)).toMatchObject({ kind: 'skipped' })
  })
})

describe('locateProcess(), locateNode(), locateNetns()', () => {
  it('finds a process, and says when there is none', async () => {
    expect(await locateProcess(1, { proc })).toMatchObject({ how: 'namespace of process 1' })
    expect(await locateProcess(99, { proc })).toEqual({ kind: 'skipped', why: 'no process 99 runs on this machine' })
  })

  it('takes the first process for this node, and no other node for it', async () => {
    expect(await locateNode('node1', options)).toMatchObject({
      netns: join(proc, '1/ns/net'),
      how: 'this node (node1)',
    })
    expect(await locateNode('node2', options)).toMatchObject({
      why: 'node node2 is another machine: this one is node1',
    })
  })

  it('says when no namespace has that name', async () => {
    expect(await locateNetns('no-such-name', { proc })).toEqual({
      kind: 'skipped',
      why: 'there is no network namespace at /run/netns/no-such-name',
    })
  })
})
