import { afterEach, describe, expect, it } from 'vitest'
import { startHttpRig } from '../../../test/support/http-rig.ts'
import type { HttpRig } from '../../../test/support/http-rig.ts'
import { startPlugin } from '../../../test/support/plugin-rig.ts'
import { fail, respond } from '../../server/index.ts'
import type { Features, PluginRegistry } from '../../server/index.ts'
import { prometheusPlugin } from './index.ts'

const PLUGINS: PluginRegistry = {
  prometheus: async () => prometheusPlugin,
  whoami: async () => ({
    name: 'whoami',
    parse: () => undefined,
    create: () => ({
      api: { upstreams: () => [{ to: '192.0.2.53:53', isDown: false }] },
      handler: (request) =>
        request.name === 'fail.' ? fail('whoami', 'SERVFAIL') : respond(request, { by: 'whoami' }),
    }),
  }),
}

let rig: HttpRig | undefined

async function start(corefile: string | (() => string), features: Partial<Features> = {}): Promise<HttpRig> {
  rig = await startHttpRig(corefile, { plugins: PLUGINS, features })
  return rig
}

afterEach(async () => {
  await rig?.server.stop({ atOnce: true })
  rig = undefined
})

const COREFILE = 'example.org:53 fail:53 {\n prometheus :9153\n whoami\n}'

describe('prometheus', () => {
  it('counts queries by server, zone, proto, family and type, and responses by rcode and plugin', async () => {
    const { ask, fetch } = await start(COREFILE)
    await ask({ name: 'a.example.org', edns: { dnssecOk: true } })
    await ask({ name: 'a.example.org', type: 'AAAA' }, { transport: 'tcp' })
    await ask({ name: 'a.example.org', type: 'TYPE65280' })
    await ask({ name: 'fail' })
    const page = await fetch(9153, '/metrics')
    const own = 'server="dns://:53"'
    for (const line of [
      `coredns_dns_requests_total{family="1",proto="udp",${own},type="A",view="",zone="example.org."} 1`,
      `coredns_dns_requests_total{family="1",proto="tcp",${own},type="AAAA",view="",zone="example.org."} 1`,
      `coredns_dns_requests_total{family="1",proto="udp",${own},type="other",view="",zone="example.org."} 1`,
      `coredns_dns_do_requests_total{${own},view="",zone="example.org."} 1`,
      `coredns_dns_request_duration_seconds_count{${own},view="",zone="example.org."} 3`,
      `coredns_dns_request_size_bytes_sum{proto="tcp",${own},view="",zone="example.org."} 31`,
      `coredns_dns_response_size_bytes_sum{proto="tcp",${own},view="",zone="example.org."} 31`,
      `coredns_dns_responses_total{plugin="whoami",rcode="NOERROR",${own},view="",zone="example.org."} 3`,
      `coredns_dns_responses_total{plugin="",rcode="SERVFAIL",${own},view="",zone="fail."} 1`,
      'coredns_panics_total 0',
    ]) {
      expect(page.split('\n')).toContain(line)
    }
  })

  it('counts queries outside of all zones as dropped', async () => {
    const { ask, fetch } = await start(COREFILE)
    await ask({ name: 'elsewhere.net' })
    const page = await fetch(9153, '/metrics')
    expect(page).toContain(
      '\ncoredns_dns_responses_total{plugin="",rcode="REFUSED",server="dns://:53",view="",zone="dropped"} 1\n',
    )
  })

  it('names program and plugins, and shows the process', async () => {
    const { fetch } = await start(COREFILE)
    const page = await fetch(9153, '/metrics')
    expect(page).toMatch(/^coredns_build_info\{goversion="node20[^"]*",revision="",version="Fathom-[^"]+"\} 1$/m)
    expect(page).toContain('\ncoredns_plugin_enabled{name="whoami",server="dns://:53",view="",zone="example.org."} 1\n')
    expect(page).toContain('\ncoredns_plugin_enabled{name="prometheus",server="dns://:53",view="",zone="fail."} 1\n')
    for (const name of ['process_resident_memory_bytes', 'process_cpu_seconds_total', 'process_start_time_seconds']) {
      expect(page).toMatch(new RegExp(`^${name} [1-9]|^${name} 0\\.`, 'm'))
    }
  })

  it('gives 404 for other paths', async () => {
    const { fetch } = await start(COREFILE)
    expect(await fetch(9153, '/nosuch')).toBe('404 404 page not found\n')
  })

  it('goes on counting over a reload and forgets plugins that are gone', async () => {
    let text = 'a {\n prometheus :9153\n whoami\n}\nb {\n prometheus :9153\n whoami\n}'
    const { ask, fetch, server } = await start(() => text)
    await ask({ name: 'a' })
    text = 'a {\n prometheus :9153\n whoami\n}'
    await server.reload()
    await ask({ name: 'a' })
    await expect
      .poll(async () => fetch(9153, '/metrics'))
      .not.toContain('coredns_plugin_enabled{name="whoami",server="dns://:53",view="",zone="b."}')
    const page = await fetch(9153, '/metrics')
    expect(page).toContain('\ncoredns_plugin_enabled{name="whoami",server="dns://:53",view="",zone="a."} 1\n')
    expect(page).toContain(
      '\ncoredns_dns_requests_total{family="1",proto="udp",server="dns://:53",type="A",view="",zone="a."} 2\n',
    )
  })

  it('opens one page for each address', async () => {
    const { fetch } = await start('a {\n prometheus :9153\n whoami\n}\nb {\n prometheus :9253\n whoami\n}')
    expect(await fetch(9153, '/metrics')).toMatch(/^200 /)
    expect(await fetch(9253, '/metrics')).toMatch(/^200 /)
  })

  it('has no debug pages unless the command line asks for them', async () => {
    const { fetch } = await start(COREFILE)
    for (const path of ['/dns-query?name=a.example.org', '/debug/upstreams', '/debug/config']) {
      expect(await fetch(9153, path)).toMatch(/^404 /)
    }
  })

  it('answers a question on its debug page as the server would, with who answered', async () => {
    const { fetch } = await start(COREFILE, { debugPages: true })
    const page = async (search: string): Promise<unknown> => {
      const [status, ...body] = (await fetch(9153, `/dns-query?${search}`)).split(' ')
      return { status, ...JSON.parse(body.join(' ')) }
    }
    expect(await page('name=A.example.org&type=aaaa')).toMatchObject({
      status: '200',
      server: 'dns://:53',
      question: { name: 'A.example.org.', type: 'AAAA' },
      rcode: 'NOERROR',
      by: 'whoami',
      answer: [],
    })
    expect(await page('name=fail')).toMatchObject({ status: '200', rcode: 'SERVFAIL', by: 'whoami' })
    expect(await page('name=elsewhere.net')).toMatchObject({ status: '200', rcode: 'REFUSED', by: '' })
    expect(await page('type=A')).toMatchObject({ status: '400' })
    expect(await page('name=a..b')).toMatchObject({ status: '400' })
    expect(await page('name=a&type=NONSENSE')).toMatchObject({ status: '400', error: '"NONSENSE" is no type' })
    expect(await page('name=a&server=dns://:54')).toMatchObject({ status: '400' })
  })

  it('shows upstreams, the running and the rejected configuration on debug pages', async () => {
    let text = COREFILE
    const { fetch, server } = await start(() => text, { debugPages: true })
    const read = async (path: string): Promise<unknown> => JSON.parse((await fetch(9153, path)).slice(4))
    expect(await read('/debug/upstreams')).toEqual({
      schemaVersion: 1,
      upstreams: [{ zones: ['example.org.', 'fail.'], plugin: 'whoami', to: '192.0.2.53:53', isDown: false }],
    })
    expect(await read('/debug/config')).toMatchObject({ running: { file: 'Corefile', sha512: server.hash() } })
    expect(await read('/debug/config')).not.toHaveProperty('rejected')
    text = '. {\n nosuch\n}'
    await expect(server.reload()).rejects.toThrow('nosuch')
    expect(await read('/debug/config')).toMatchObject({
      running: { sha512: server.hash() },
      rejected: { error: "Corefile:2 - Error during parsing: Unknown directive 'nosuch'" },
    })
  })

  it.each([
    { directive: 'prometheus 9153', message: 'address 9153: missing port in address' },
    { directive: 'prometheus :1 :2', message: "unexpected line ending after ':2'" },
    { directive: 'prometheus\nprometheus', message: 'this plugin can only be used once per Server Block' },
    { directive: 'prometheus {\nfoo\n}', message: 'unknown option: foo' },
    { directive: 'prometheus {\nruntime_metrics yes\n}', message: 'Wrong argument count' },
    { directive: 'prometheus {\ntls /nosuch.yml\n}', message: 'cannot read TLS configuration /nosuch.yml' },
  ])('refuses $directive', ({ directive, message }) => {
    expect(() => startPlugin(prometheusPlugin, directive)).toThrow(message)
  })
})
