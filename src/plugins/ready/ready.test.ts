import { afterEach, describe, expect, it } from 'vitest'
import { startPlugin } from '../../../test/support/plugin-rig.ts'
import { startHttpRig } from '../../../test/support/http-rig.ts'
import type { HttpRig } from '../../../test/support/http-rig.ts'
import { respond } from '../../server/index.ts'
import type { PluginRegistry } from '../../server/index.ts'
import { readyPlugin } from './index.ts'

let ready = true
const PLUGINS: PluginRegistry = {
  ready: async () => readyPlugin,
  erratic: async () => ({
    name: 'erratic',
    parse: () => undefined,
    create: () => ({ isReady: () => ready, handler: (request) => respond(request, { by: 'erratic' }) }),
  }),
  whoami: async () => ({
    name: 'whoami',
    parse: () => undefined,
    create: () => ({ handler: (request) => respond(request, { by: 'whoami' }) }),
  }),
}

let rig: HttpRig | undefined

async function start(corefile: string | (() => string)): Promise<HttpRig> {
  rig = await startHttpRig(corefile, { plugins: PLUGINS })
  return rig
}

afterEach(async () => {
  await rig?.server.stop({ atOnce: true })
  rig = undefined
  ready = true
})

describe('ready', () => {
  it('gives 503 and the names of plugins that are not ready, then 200 for good', async () => {
    ready = false
    const { fetch, output } = await start('a {\n ready\n erratic\n}\nb {\n ready\n erratic\n}')
    expect(await fetch(8181, '/ready')).toBe('503 erratic')
    await expect.poll(() => output()).toContain('[INFO] plugin/ready: Plugins not ready: "erratic"\n')
    ready = true
    expect(await fetch(8181, '/ready')).toBe('200 OK')
    ready = false
    expect(await fetch(8181, '/ready')).toBe('200 OK')
  })

  it('asks each time with monitor continuously', async () => {
    const { fetch } = await start('. {\n ready :8181 {\n monitor continuously\n }\n erratic\n}')
    expect(await fetch(8181, '/ready')).toBe('200 OK')
    ready = false
    expect(await fetch(8181, '/ready')).toBe('503 erratic')
  })

  it('asks the plugins of the new configuration after a reload, the old ones when the reload failed', async () => {
    let text = '. {\n ready\n whoami\n}'
    const { fetch, server } = await start(() => text)
    text = '. {\n ready\n nosuch\n}'
    await expect(server.reload()).rejects.toThrow('nosuch')
    expect(await fetch(8181, '/ready')).toBe('200 OK')
    ready = false
    text = '. {\n ready\n erratic\n}'
    await server.reload()
    await expect.poll(async () => fetch(8181, '/ready')).toBe('503 erratic')
  })

  it.each([
    { directive: 'ready 8181', message: 'address 8181: missing port in address' },
    { directive: 'ready :1 :2', message: "unexpected line ending after ':2'" },
    { directive: 'ready\nready', message: 'this plugin can only be used once per Server Block' },
    { directive: 'ready {\nmonitor\n}', message: 'Wrong argument count' },
    { directive: 'ready {\nmonitor sometimes\n}', message: "monitor type 'sometimes' not supported" },
    { directive: 'ready {\nfoo\n}', message: "unknown property 'foo'" },
  ])('refuses $directive', ({ directive, message }) => {
    expect(() => startPlugin(readyPlugin, directive)).toThrow(message)
  })
})
