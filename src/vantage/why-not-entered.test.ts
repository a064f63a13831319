import { describe, expect, it } from 'vitest'
import { factsOf, pod, smallCluster } from '../../test/support/small-cluster.ts'
import type { KubeJson } from '../../test/support/small-cluster.ts'
import { whyNotEntered } from './why-not-entered.ts'

function warning(reason: string, message: string, lastTimestamp: string): KubeJson {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace: 'shop', name: `waits.${reason}` },
    involvedObject: { kind: 'Pod', namespace: 'shop', name: 'waits' },
    type: 'Warning',
    reason,
    message,
    lastTimestamp,
  }
}

async function whyOf(status: Record<string, unknown>, events: readonly KubeJson[] = []): Promise<string | undefined> {
  const cluster = smallCluster()
  const waits = pod('shop', 'waits', { node: 'node1', ip: '', labels: {} })
  cluster.objects.push({ ...waits, status: { phase: 'Pending', ...status } }, ...events)
  const { objects } = await factsOf(cluster)
  const found = objects.pods.find(({ meta }) => meta.name === 'waits')
  return found === undefined ? undefined : whyNotEntered(found, objects.events)
}

const WAITS = 'pod shop/waits is Pending: no network namespace yet; node node1 has not started it'

describe('whyNotEntered()', () => {
  it('quotes the last warning about a pod that its node has not started', async () => {
    const events = [
      warning('FailedMount', 'an older one', '2026-01-01T00:00:00Z'),
      warning('FailedCreatePodSandBox', 'open /etc/resolv.conf:\nno such file', '2026-01-01T00:01:00Z'),
    ]
    const quoted = 'FailedCreatePodSandBox: open /etc/resolv.conf: no such file'
    expect(await whyOf({}, events)).toBe(`${WAITS}: ${quoted}`)
  })

  it('says without a warning what a container waits for', async () => {
    const containerStatuses = [{ name: 'app', state: { waiting: { reason: 'ImagePullBackOff' } } }]
    expect(await whyOf({ containerStatuses })).toBe(`${WAITS}: container app waits: ImagePullBackOff`)
    expect(await whyOf({})).toBe(WAITS)
  })
})
