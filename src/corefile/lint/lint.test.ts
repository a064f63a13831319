import { describe, expect, it } from 'vitest'
import { memorySource } from '../../../test/support/memory-source.ts'
import { lintCorefile } from './lint.ts'
import type { LintOptions } from './lint.ts'

/** `LINE:COLUMN SEVERITY CODE` for every finding but those that `ignore` names. */
async function lint(text: string, options: LintOptions = {}, ignore: readonly string[] = []): Promise<string[]> {
  const findings = await lintCorefile(text, { source: memorySource({}), ...options })
  return findings
    .filter(({ code }) => !ignore.includes(code))
    .map(({ line, column, severity, code }) => `${line}:${column} ${severity} ${code}`)
}

/** What a good cluster DNS server looks like; `kubernetes` and `cache` as given. */
const cluster = (kubernetes: string, cache: string): string => `.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    reload
    kubernetes cluster.local in-addr.arpa ip6.arpa${kubernetes}
    forward . 192.0.2.53
    cache${cache}
}
`

describe('lintCorefile()', () => {
  it('finds nothing in a good Corefile', async () => {
    expect(await lint(cluster('', ' 30'))).toEqual([])
  })

  it.each([
    // Directives
    { text: '. {\n  cahce 30\n}', findings: ['2:3 error unknown-directive'] },
    { text: '. {\n  proxy . 192.0.2.1\n}', findings: ['2:3 error removed-directive'] },
    { text: '. {\n  ocp_dnsnameresolver\n}', findings: ['2:3 warning external-directive'] },
    { text: '. {\n  file db.example.org\n}', findings: ['2:3 note not-served-directive'] },
    { text: '. {\n  log stdout\n}', findings: ['2:7 warning log-destination'] },
    { text: '. {\n  log example.org\n}', findings: [] },
    { text: cluster(' {\n  upstream\n}', ' 30'), findings: ['9:3 error removed-option'] },
    { text: '. {\n  cache { success 1; denial 1 }\n}', findings: ['2:11 error inline-block'] },
    { text: '. {\n  cache {\n    success 1\n  }\n}', findings: [] },
    // Zones
    { text: '.:53 {\n}\n. {\n}', findings: ['3:1 error duplicate-zone'] },
    { text: '. {\n  bind 10.0.0.1\n}\n. {\n  bind 10.0.0.2\n}', findings: [] },
    { text: '. {\n  bind 10.0.0.1\n}\n. {\n}', findings: ['4:1 error duplicate-zone'] },
    { text: 'example.com{\n  log\n}', findings: ['1:1 error glued-brace'] },
    { text: '. {\n  log\n}\n}', findings: ['4:1 error extra-brace'] },
    { text: 'exa!mple.org {\n}', findings: ['1:1 warning odd-zone'] },
    { text: '_tcp.1password.com {\n}', findings: [] },
    { text: 'a..b {\n}', findings: ['1:1 error bad-key'] },
    { text: 'tls://. {\n  whoami\n}', findings: ['1:1 warning clear-text-tls'] },
    { text: 'tls://. {\n  tls a b\n}', findings: [] },
    { text: 'example.org {\n  forward example.net 192.0.2.1\n}', findings: ['2:11 warning unreachable-forward'] },
    { text: 'example.org {\n  forward a.example.org 192.0.2.1\n  forward . 192.0.2.2\n}', findings: [] },
    { text: '10.in-addr.arpa {\n  forward 10.0.0.0/8 192.0.2.1\n}', findings: [] },
    // Loops
    { text: '. {\n  forward . 127.0.0.1\n}', findings: ['2:13 error forwarding-loop'] },
    { text: '. {\n  forward . dns://[::1]:53\n  loop\n}', findings: ['2:13 error forwarding-loop'] },
    { text: '. {\n  forward . 127.0.0.1:5353\n}', findings: [] },
    { text: '. {\n  forward . tls://127.0.0.1\n}', findings: [] },
    { text: '. {\n  bind 169.254.20.10\n  forward . 127.0.0.53\n}', findings: [] },
    { text: '. {\n  bind 169.254.20.10\n  forward . 169.254.20.10\n}', findings: ['3:13 error forwarding-loop'] },
    { text: '.:5353 {\n  forward . 127.0.0.1\n}', findings: [] },
    // Caches
    {
      text: '. {\n  cache {\n    denial 0\n    success 0\n  }\n}',
      findings: ['3:12 warning cache-denial-zero', '4:13 warning cache-success-zero'],
    },
    { text: cluster(' {\n  ttl 30\n}', ' 30'), findings: [] },
    { text: cluster(' {\n  ttl 300\n}', ' 30'), findings: [] },
    {
      text: cluster(' {\n  ttl 300\n}', ' 300'),
      findings: ['9:7 warning long-cluster-cache', '9:7 warning long-cluster-cache'],
    },
    { text: cluster('', ' {\n  denial 100 300 60\n}'), findings: ['11:18 warning long-cluster-cache'] },
    { text: cluster('', ' {\n  denial 100 300 60\n  disable denial cluster.local\n}'), findings: [] },
    {
      text: cluster('', ' {\n  denial 100 300 60\n  disable denial example.org\n}'),
      findings: ['11:18 warning long-cluster-cache'],
    },
    { text: cluster('', ' {\n  serve_stale\n}'), findings: ['11:3 warning stale-cluster-names'] },
    { text: cluster('', ' {\n  serve_stale\n  disable success\n}'), findings: [] },
    { text: 'example.org {\n  cache {\n    serve_stale\n  }\n}', findings: [] },
    // Operations
    {
      text: '. {\n  kubernetes cluster.local\n}',
      findings: ['1:1 warning no-reload', '1:1 warning no-ready', '1:1 warning no-health', '1:1 note no-errors'],
    },
    { text: cluster('', ' 30').replace('        lameduck 5s\n', ''), findings: ['3:5 warning no-lameduck'] },
    {
      text: 'a {\n  health\n}\nb {\n  health :8080\n}\nc {\n  health :8081\n}',
      findings: ['5:10 error health-address-twice'],
    },
    { text: cluster('\n  autopath @kubernetes', ' 30'), findings: ['9:3 warning autopath-without-pods'] },
    { text: cluster(' {\n  pods verified\n}\n  autopath @kubernetes', ' 30'), findings: [] },
    { text: '. {\n  autopath /etc/resolv.conf\n}', findings: [] },
    {
      text: '. {\n  bind __PILLAR__LOCAL__DNS__\n  health __PILLAR__LOCAL__DNS__:8080\n}',
      findings: ['2:8 note placeholder'],
    },
    // The language
    { text: '. {\n  errors', findings: ['2:3 error syntax'] },
    { text: '. {\n  import nothing\n}', findings: ['2:10 error bad-import'] },
    { text: '. {\n  import custom/*.override\n}', findings: ['2:10 note empty-import'] },
    { text: '. {\n  log "a\n}\n', findings: ['2:7 error syntax'] },
    { text: '.:53\nlog "a\n', findings: ['2:5 warning suspicious-text'] },
  ])('finds $findings in $text', async ({ text, findings }) => {
    expect(await lint(text)).toEqual(findings)
  })

  it('looks into the resolv.conf that forward names', async () => {
    const text = '. {\n  forward . /etc/resolv.conf\n}'
    const resolvConf = (path: string): string | undefined =>
      path === '/etc/resolv.conf' ? '# stub\nnameserver 127.0.0.53\noptions edns0\n' : undefined
    expect(await lint(text, { resolvConf })).toEqual(['2:13 error forwarding-loop'])
    expect(await lint(text, { resolvConf: () => 'nameserver 192.0.2.1\n' })).toEqual([])
    expect(await lint(text)).toEqual([])
  })

  it('says that loop will end the process, where it is there', async () => {
    const [finding] = await lintCorefile('. {\n  forward . 127.0.0.53\n  loop\n}')
    expect(finding?.message).toContain('"loop" will end the process at its start')
  })

  it('hears the validator where no rule calls the line an error', async () => {
    const text = '. {\n  cache {\n    serve_stale 3600\n  }\n  cahce 30\n}'
    const validate: LintOptions['validate'] = ([block]) =>
      Promise.resolve(
        (block?.directives ?? []).flatMap(({ tokens }) =>
          tokens
            .filter((token) => token.text === '3600' || token.text === '30')
            .map(({ file, line, column, text: offending }) => {
              const statement = { code: 'bad-option', severity: 'error', message: 'no', advice: '' } as const
              return { ...statement, file, line, column, text: offending }
            }),
        ),
      )
    expect(await lint(text, { validate })).toEqual(['3:17 error bad-option', '5:3 error unknown-directive'])
  })

  it('names imported files', async () => {
    const source = memorySource({ 'a.conf': 'log\nproxy . 192.0.2.1\n' })
    expect(await lintCorefile('. {\n  import a.conf\n}', { source })).toMatchObject([
      { file: 'a.conf', line: 2, column: 1, text: 'proxy', code: 'removed-directive' },
    ])
  })
})
