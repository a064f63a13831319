// Any two faults at once: each keeps its own symptom while the other comes and goes, and both are healed in either order.
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readDescription } from '../cluster/description.ts'
import { isReadyNow } from '../cluster/pod-status.ts'
import { keyOf, objectsAt, textAt, valueAt } from '../cluster/raw-object.ts'
import type { RawObject } from '../cluster/raw-object.ts'
import { ENDPOINT_SLICE_TYPE, POD_TYPE, SERVICE_TYPE } from '../cluster/resource-types.ts'
import { LoopbackLab } from '../loopback/loopback-lab.ts'
import { loopbackPlaces } from '../loopback/loopback-places.ts'
import { loopbackStage } from '../loopback/loopback-stage.ts'
import { FaultLog } from './fault-log.ts'
import { FAULTS } from './index.ts'
import { fillIn, unfilled } from './look.ts'

const COREDNS = { 'k8s-app': 'kube-dns' }
const POLL = { timeout: 10_000, interval: 10 }

let lab: LoopbackLab
let faults: FaultLog

beforeAll(async () => {
  const description = readDescription(resolve(import.meta.dirname, '../../../lab/reference'))
  lab = await LoopbackLab.start(description)
  faults = await FaultLog.open(loopbackStage(lab), description.faults)
  await faults.heal()
})
afterAll(() => lab.close())

function pods(labels: Readonly<Record<string, string>>): RawObject[] {
  return lab.store
    .list(POD_TYPE)
    .filter((pod) => Object.entries(labels).every(([key, value]) => pod.metadata.labels?.[key] === value))
}

async function reach(node: string, address: string, port: number): Promise<string | undefined> {
  const found = await loopbackPlaces(lab).resolve({ kind: 'node', name: node }, { address, port })
  return found?.kind
}

function endpoints(service: string): unknown[] {
  return lab.store
    .list(ENDPOINT_SLICE_TYPE)
    .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === service)
    .flatMap((slice) => objectsAt(slice, 'endpoints'))
    .filter((endpoint) => valueAt(endpoint, 'conditions', 'ready') !== false)
}

async function listening(): Promise<boolean[]> {
  const kinds = pods(COREDNS).map((pod) => reach('node2', textAt(pod, 'status', 'podIP'), 53))
  return (await Promise.all(kinds)).map((kind) => kind === 'port')
}

/** What a plain look shows, without asking the fault itself. */
const SYMPTOMS: Readonly<Record<string, () => boolean | Promise<boolean>>> = {
  'upstream-dead': () => lab.nodeFiles.get('node4')?.get('/etc/resolv.conf')?.includes('1.2.4.8') === true,
  'dns-service-no-endpoints': async () =>
    (await listening()).every((isThere) => !isThere) &&
    pods(COREDNS).every((pod) => !isReadyNow(lab.store, keyOf(pod))),
  'dns-service-selector-mismatch': () => {
    const service = lab.store.list(SERVICE_TYPE).find((candidate) => candidate.metadata.name === 'coredns')
    return textAt(service ?? {}, 'spec', 'selector', 'k8s-app') === 'coredns' && endpoints('coredns').length === 0
  },
  'replicas-on-one-node': () => new Set(pods(COREDNS).map((pod) => textAt(pod, 'spec', 'nodeName'))).size === 1,
  'replica-answers-differ': () =>
    pods(COREDNS).filter((pod) => lab.pods.changes.filesOf(keyOf(pod)).has('/etc/coredns/Corefile')).length === 1,
  'service-ip-unreachable': async () =>
    (await reach('node1', '10.233.0.1', 443)) === 'silent' &&
    (await reach('node1', '192.168.0.2', 10_256)) === 'refused',
  'node-cache-down': async () => (await reach('node2', '169.254.25.10', 53)) !== 'port',
  'headless-service-no-endpoints': () => endpoints('redis-ha').length === 0,
  'statefulset-service-name-wrong': () =>
    pods({ 'app.kubernetes.io/name': 'openldap-ha' }).every((pod) => textAt(pod, 'spec', 'subdomain') !== 'openldap'),
}

async function shown(): Promise<string[]> {
  const all = await Promise.all(PLAIN.map(async ({ name }) => ((await SYMPTOMS[name]?.()) === true ? [name] : [])))
  return all.flat().sort()
}

// Those that are made of edits are compared object by object in edit-faults.test.ts.
const PLAIN = FAULTS.filter(({ name }) => name in SYMPTOMS)
const PAIRS = PLAIN.flatMap(({ name: first }) =>
  PLAIN.filter(({ name }) => name !== first).map(({ name: second }) => ({ first, second })),
)

describe('FaultLog: two faults at once', () => {
  it('starts with none', async () => {
    await expect.poll(shown, POLL).toEqual([])
  })

  it.each(PAIRS)('$first, then $second: both are there, and each goes alone', async ({ first, second }) => {
    const both = [first, second].sort()
    await faults.inject(first)
    await faults.inject(second)
    expect((await faults.present()).sort()).toEqual(both)
    await expect.poll(shown, POLL).toEqual(both)
    await faults.heal(first)
    expect(await faults.present()).toEqual([second])
    await expect.poll(shown, POLL).toEqual([second])
    await faults.heal(second)
    await expect.poll(shown, POLL).toEqual([])
    await expect.poll(async () => (await listening()).every(Boolean) && endpoints('coredns').length, POLL).toBe(2)
    expect(
      pods(COREDNS)
        .map((pod) => textAt(pod, 'spec', 'nodeName'))
        .sort(),
    ).toEqual(['node3', 'node4'])
  })
})

describe('FaultLog: faults repaired by hand', () => {
  it('service-ip-unreachable: a new kube-proxy on the node brings the rules back', async () => {
    await faults.inject('service-ip-unreachable')
    const broken = pods({ 'k8s-app': 'kube-proxy' }).find((pod) => textAt(pod, 'spec', 'nodeName') === 'node1')
    lab.store.delete(POD_TYPE, 'kube-system', broken?.metadata.name ?? '')
    await expect.poll(() => reach('node1', '10.233.0.1', 443), POLL).toBe('port')
    expect(await reach('node1', '192.168.0.2', 10_256)).toBe('port')
    expect([await faults.present(), await faults.repaired()]).toEqual([[], ['service-ip-unreachable']])
    expect(await faults.inject('service-ip-unreachable')).toEqual(['service-ip-unreachable'])
    await expect.poll(shown, POLL).toEqual(['service-ip-unreachable'])
    expect(await faults.heal()).toEqual(['service-ip-unreachable'])
    await expect.poll(shown, POLL).toEqual([])
  })

  it('dns-service-no-endpoints: new pods run; healing afterwards leaves them alone', async () => {
    await faults.inject('dns-service-no-endpoints')
    for (const pod of pods(COREDNS)) lab.store.delete(POD_TYPE, 'kube-system', pod.metadata.name)
    await expect.poll(() => endpoints('coredns').length, POLL).toBe(2)
    expect(await faults.repaired()).toEqual(['dns-service-no-endpoints'])
    const uids = pods(COREDNS).map(({ metadata }) => metadata.uid)
    expect(await faults.heal('dns-service-no-endpoints')).toEqual(['dns-service-no-endpoints'])
    expect(pods(COREDNS).map(({ metadata }) => metadata.uid)).toEqual(uids)
  })
})

describe('FaultLog: names', () => {
  it.each([
    { name: 'upstream-ded', meant: 'upstream-dead' },
    { name: 'service-ip', meant: 'service-ip-unreachable' },
    { name: 'gremlins', meant: undefined },
    { name: 'search-domain', meant: 'search-domain-servfail" or "search-domain-is-dot' },
    { name: 'replica-answer-differs', meant: 'replica-answers-differ' },
    { name: 'upstream-de', meant: 'upstream-dead' },
  ])('inject $name: says what was probably meant', async ({ name, meant }) => {
    const advice = `${meant === undefined ? '' : `did you mean "${meant}"? `}"fathom lab faults" lists them all`
    await expect(faults.inject(name)).rejects.toThrow(`there is no such fault; ${advice}`)
  })
})

describe('unfilled()', () => {
  it('says which node has no CoreDNS pod, and nothing of what was filled in', () => {
    const text = fillIn(lab.store, 'kubectl logs {coredns-pod@node3}; dig @{coredns@node9} example.org')
    expect(unfilled(text)).toBe('node9 has no CoreDNS pod')
    expect(unfilled(fillIn(lab.store, 'dig @{coredns@node3}'))).toBeUndefined()
  })
})
