import { describe, expect, it } from 'vitest'
import type { KubeClient } from '../../kube/api/index.ts'
import { createLogReader } from './read-log.ts'

const REQUEST = { namespace: 'kube-system', pod: 'coredns-0', isPrevious: false }

interface Asked {
  readonly client: KubeClient
  readonly paths: string[]
}

function clientWith({ allowed }: { readonly allowed: boolean | 'unknown' }): Asked {
  const paths: string[] = []
  const client = {
    get calls() {
      return paths.length
    },
    canI: async ({ subresource, namespace }: { subresource?: string; namespace?: string }) => {
      paths.push(`canI ${subresource} ${namespace}`)
      if (allowed === 'unknown') throw new Error('reviews are not offered')
      return allowed
    },
    getText: async (path: string) => {
      paths.push(path)
      return 'log'
    },
  }
  return { client: client as unknown as KubeClient, paths }
}

describe('createLogReader()', () => {
  it('asks once whether logs may be read, and names the right that is missing', async () => {
    const { client, paths } = clientWith({ allowed: false })
    const logs = createLogReader(client, 30)
    expect(logs.missing()).toEqual([])
    const read = await Promise.all([logs.read(REQUEST), logs.read({ ...REQUEST, pod: 'coredns-1' })])
    expect(read).toEqual([undefined, undefined])
    expect(paths).toEqual(['canI log kube-system'])
    expect(logs.missing()).toEqual([
      { what: 'logs in kube-system', why: 'forbidden', needs: 'get pods/log in kube-system' },
    ])
  })

  it.each([true, 'unknown'] as const)('reads where the review says %s', async (allowed) => {
    const { client, paths } = clientWith({ allowed })
    const logs = createLogReader(client, 30)
    expect(await logs.read(REQUEST)).toBe('log')
    expect(paths).toEqual(['canI log kube-system', '/api/v1/namespaces/kube-system/pods/coredns-0/log'])
    expect(logs.missing()).toEqual([])
  })

  it('keeps to the number of calls', async () => {
    const { client, paths } = clientWith({ allowed: true })
    expect(await createLogReader(client, 1).read(REQUEST)).toBeUndefined()
    expect(paths).toEqual(['canI log kube-system'])
  })
})
