import { describe, expect, it } from 'vitest'
import { formatStubBlocks, parseKubeDnsConfig } from './kube-dns-config.ts'

describe('parseKubeDnsConfig()', () => {
  it('reads both keys, and nothing when they are absent or empty', () => {
    expect(
      parseKubeDnsConfig({
        stubDomains: '{"acme.local": ["1.2.3.4", "10.0.0.9:5353", "ns.example.org"]}',
        upstreamNameservers: '["9.9.9.9", "[2620:fe::fe]:53"]',
      }),
    ).toEqual({
      stubDomains: [{ domain: 'acme.local', servers: ['1.2.3.4', '10.0.0.9:5353', 'ns.example.org'] }],
      upstreamServers: ['9.9.9.9', '[2620:fe::fe]:53'],
    })
    expect(parseKubeDnsConfig({ stubDomains: '\n' })).toEqual({ stubDomains: [], upstreamServers: [] })
  })

  it.each([
    { texts: { stubDomains: '{"b.local:1053": ["1.2.3.4"]}' }, message: 'stubDomains "b.local:1053"' },
    { texts: { stubDomains: '{"b.local": ["1.2.3.4:99999"]}' }, message: 'stubDomains "1.2.3.4:99999"' },
    { texts: { stubDomains: '{"b.local": []}' }, message: 'it has no servers' },
    { texts: { stubDomains: '{"b.local": "1.2.3.4"}' }, message: 'a JSON list of texts is expected' },
    { texts: { stubDomains: '{"b.local": ["x {\\n whoami\\n}"]}' }, message: 'a host name is expected' },
    { texts: { stubDomains: '[]' }, message: 'a JSON object of domain names' },
    { texts: { stubDomains: '{' }, message: 'stubDomains "{"' },
    { texts: { upstreamNameservers: '["a.example.org"]' }, message: 'upstreamNameservers "a.example.org"' },
    { texts: { upstreamNameservers: '["1.1.1.1","1.1.1.2","1.1.1.3","1.1.1.4"]' }, message: '4 servers, limit is 3' },
  ])('refuses $texts', ({ texts, message }) => {
    expect(() => parseKubeDnsConfig(texts)).toThrow(message)
  })
})

describe('formatStubBlocks()', () => {
  it('writes one block per domain, sorted, with the port of -dns.port', () => {
    const config = parseKubeDnsConfig({
      stubDomains: '{"b.local": ["1.2.3.4"], "acme.local": ["1.2.3.4", "10.0.0.9:5353"]}',
    })
    expect(formatStubBlocks(config, { port: 53, localAddresses: ['169.254.20.10'] })).toBe(`
acme.local:53 {
    errors
    cache 30
    bind 169.254.20.10
    forward . 1.2.3.4 10.0.0.9:5353
}

b.local:53 {
    errors
    cache 30
    bind 169.254.20.10
    forward . 1.2.3.4
}
`)
  })
})
