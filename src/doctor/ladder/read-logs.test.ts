import { describe, expect, it } from 'vitest'
import { setNotReady } from '../../../test/support/causes/faults.ts'
import { corednsPod, factsOf, smallCluster } from '../../../test/support/small-cluster.ts'
import { readLogs } from './read-logs.ts'
import type { LogRequest } from './read-logs.ts'

describe('readLogs()', () => {
  it('reads at most 12 logs, however many servers crash', async () => {
    const cluster = smallCluster()
    for (let at = 0; at < 40; at += 1) {
      cluster.objects.push(corednsPod(`coredns-${at}`, `10.244.9.${at}`, 'node1'))
      setNotReady(cluster, `coredns-${at}`)
    }
    const requests: LogRequest[] = []
    const facts = await factsOf(cluster)
    const readLog = async (request: LogRequest): Promise<string> => {
      requests.push(request)
      return ''
    }
    await readLogs({ facts, rungs: [], scrapes: [], silent: [], readLog })
    expect(requests).toHaveLength(12)
  })
})
