import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../../../test/support/fake-clock.ts'
import { createRequest, createTestEnv, startPlugin } from '../../../test/support/plugin-rig.ts'
import { fail, type PluginInstance, type Request } from '../../server/index.ts'
import { metadataPlugin } from './index.ts'

async function labelsFor(name: string, zones: readonly string[]): Promise<Record<string, string> | undefined> {
  const clock = createFakeClock()
  const sibling: PluginInstance = {
    metadata: (request, labels) => labels.set('test/type', () => request.type),
  }
  const env = {
    ...createTestEnv({ clock }).env,
    siblings: () =>
      new Map([
        ['test', sibling],
        ['whoami', {}],
      ]),
  }
  const instance = metadataPlugin.create({ zones }, env)
  await instance.start?.()
  let seen: Request | undefined
  await instance.handler?.(createRequest(`${name} MX`, { clock }), (request) => {
    seen = request
    return fail('next', 'SERVFAIL')
  })
  return seen?.metadata && Object.fromEntries([...seen.metadata].map(([label, value]) => [label, value()]))
}

describe('metadata', () => {
  it('collects the labels of the block’s plugins before the chain goes on', async () => {
    expect(await labelsFor('www.example.org', ['example.org.'])).toEqual({ 'test/type': 'MX' })
  })

  it('opens an empty table for names outside its zones', async () => {
    expect(await labelsFor('www.example.net', ['example.org.'])).toEqual({})
  })

  it('reads zones, the block’s by default', () => {
    const context = createTestEnv({ clock: createFakeClock(), zones: ['example.net.'] }).env
    const options: unknown[] = []
    const plugin = { ...metadataPlugin, create: (given: unknown) => (options.push(given), {}) }
    startPlugin(plugin, 'metadata example.org 10.0.0.0/24', { zones: context.block.zones })
    startPlugin(plugin, 'metadata', { zones: context.block.zones })
    expect(options).toEqual([{ zones: ['example.org.', '0.0.10.in-addr.arpa.'] }, { zones: ['example.net.'] }])
  })

  it.each(['metadata {\nx\n}', 'metadata\nmetadata'])('refuses %j', (directive) => {
    expect(() => startPlugin(metadataPlugin, directive)).toThrow('Wrong argument count')
  })
})
