import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UsageError } from '../base/index.ts'
import { lintCommand } from './lint.ts'

const FILES: Readonly<Record<string, string>> = {
  'good/Corefile': '.:53 {\n    errors\n    log\n    forward . 192.0.2.53\n    cache 30\n}\n',
  'bad/Corefile':
    '.:53 {\n    errors\n    proxy . 192.0.2.53\n    cache 30 {\n        serve_stale 3600\n    }\n    whoami now\n}\n',
  'unclosed/Corefile': '.:53 {\n    forward . 8.8.8.8 {\n        max_concurrent 1000\n    cache 30\n}\n',
  'env/Corefile': '.:{$PORT} {\n    forward . {$UPSTREAM}\n}\n',
  'resolved/Corefile': '.:53 {\n    forward . /etc/resolv.conf\n    loop\n}\n',
  'missing/Corefile': 'tls://. {\n    tls none.pem none.key\n}\n',
  'imports/Corefile': '.:53 {\n    import parts/*.conf\n}\n',
  'imports/parts/a.conf': 'whoami\nnosuch\n',
  'stub.conf': 'nameserver 127.0.0.53\n',
  'node/resolv.conf': 'nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 1.2.4.8\n',
  'cluster/coredns.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: coredns\ndata:\n  Corefile: |\n    .:53 {\n        proxy . /etc/resolv.conf\n        import custom/*.override\n    }\n    import custom/*.server\n',
  'cluster/custom.yaml': 'apiVersion: v1\nkind: ConfigMap\ndata:\n  log.override: |\n    log\n    cahce 30\n',
  'list/list.yaml':
    'kind: List\nitems:\n- kind: ConfigMap\n  data:\n    Corefile: |\n      .:53 {\n          whoami\n      }\n      .:53 {\n          whoami\n      }\n',
  'junk.conf': 'hello\n',
  'empty.conf': '# nothing\n\n',
  'broken/x.yaml': 'a: [1\nb: }\n',
  'cluster/pod.yaml': 'apiVersion: v1\nkind: Pod\n',
}

let directory = ''

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'fathom-lint-'))
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), text)
  }
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

interface Run {
  readonly status: number
  readonly output: string
}

/** Runs the command; arguments that name files are taken from the directory, which the output leaves out. */
async function lint(...args: string[]): Promise<Run> {
  const stdout = new PassThrough()
  const io = { stdout, stderr: new PassThrough(), stdin: new PassThrough(), env: {}, color: false }
  const status = await lintCommand.run(
    args.map((arg) => (/^[a-z]+(?:\/|\.conf)|^(?:cluster|node)$/.test(arg) ? join(directory, arg) : arg)),
    io,
  )
  return { status, output: String(stdout.read() ?? '').replaceAll(`${directory}/`, '') }
}

const places = (output: string): string[] =>
  output.split('\n').flatMap((line) => {
    const match = /^(\S+): (\w+): .*\[([a-z-]+)\]$/.exec(line)
    return match === null ? [] : [`${match[1]} ${match[2]} ${match[3]}`]
  })

describe('fathom lint', () => {
  it('says that it found nothing, with status 0', async () => {
    expect(await lint('good/Corefile')).toEqual({ status: 0, output: 'good/Corefile: nothing found\n' })
  })

  it('names both places of what stands twice, as they are in the manifest', async () => {
    const { output } = await lint('list/list.yaml')
    expect(places(output)).toEqual(['list/list.yaml:9:7 error duplicate-zone'])
    expect(output).toContain('    The other one: list/list.yaml:6:7\n')
    const { output: json } = await lint('-o', 'json', 'list/list.yaml')
    expect(JSON.parse(json)).toMatchObject({ findings: [{ line: 9, other: { line: 6, column: 7 } }] })
  })

  it('prints place, severity, message, code and advice, and a count, with status 1 for errors', async () => {
    const { status, output } = await lint('bad/Corefile')
    expect(status).toBe(1)
    expect(output).toMatchInlineSnapshot(`
      "bad/Corefile:3:5: error: Unknown directive 'proxy' [removed-directive]
          "proxy" is gone from CoreDNS since 1.5.0; use "forward", which takes the same zone and upstreams
      bad/Corefile:5:21: error: plugin/cache: time: missing unit in duration "3600" [bad-option]
          Give the number a unit, as in "30s" or "1h"
      bad/Corefile:7:12: error: plugin/whoami: Wrong argument count or unexpected line ending after 'now' [bad-option]
          Correct the line; the server will not start with it
      bad/Corefile: 3 errors, 0 warnings, 0 notes
      "
    `)
  })

  it('sees the brace that is missing', async () => {
    const { output } = await lint('unclosed/Corefile')
    expect(output).toContain('4:5: error: plugin/forward: unknown property')
    expect(output).toContain('"cache" is a directive: the "}" that ends the block above is missing')
  })

  it('takes variables that are not set as unknown, not as empty', async () => {
    expect(places((await lint('env/Corefile')).output)).toEqual([
      'env/Corefile:1:1 note unset-variable',
      'env/Corefile:2:15 note unset-variable',
    ])
  })

  it('sees a loop in the resolv.conf that the server will have', async () => {
    const { status, output } = await lint('resolved/Corefile', '--resolv-conf', 'stub.conf')
    expect(status).toBe(1)
    expect(places(output)).toEqual(['resolved/Corefile:2:15 error forwarding-loop'])
  })

  it('does not take a file that is elsewhere for an error', async () => {
    const { status, output } = await lint('missing/Corefile')
    expect(status).toBe(0)
    expect(places(output)).toEqual(['missing/Corefile:2:18 note file-not-here'])
  })

  it('follows imports', async () => {
    expect(places((await lint('imports/Corefile')).output)).toEqual([
      'imports/parts/a.conf:2:1 error unknown-directive',
    ])
  })

  it('looks into the ConfigMaps of a folder, and at its resolv.conf files', async () => {
    expect(places((await lint('cluster')).output)).toEqual([
      'cluster/coredns.yaml:8:9 error removed-directive',
      'cluster/coredns.yaml:9:16 note empty-import',
      'cluster/coredns.yaml:11:12 note empty-import',
      'cluster/custom.yaml:6:5 error unknown-directive',
    ])
    expect(places((await lint('node')).output)).toEqual(['node/resolv.conf:4:12 warning too-many-nameservers'])
  })

  it('reports a broken document once', async () => {
    const { status, output } = await lint('broken/x.yaml')
    expect(status).toBe(1)
    expect(places(output)).toEqual(['broken/x.yaml:2:1 error bad-manifest'])
  })

  it('ends with 1 for warnings with --strict', async () => {
    expect((await lint('node/resolv.conf')).status).toBe(0)
    expect((await lint('node/resolv.conf', '--strict')).status).toBe(1)
  })

  it('prints JSON', async () => {
    const { output } = await lint('node/resolv.conf', '-o', 'json')
    expect(JSON.parse(output)).toMatchObject({
      schemaVersion: 1,
      checked: ['node/resolv.conf'],
      summary: { errors: 0, warnings: 1, notes: 0 },
      findings: [
        {
          code: 'too-many-nameservers',
          severity: 'warning',
          file: 'node/resolv.conf',
          line: 4,
          column: 12,
          text: '1.2.4.8',
        },
      ],
    })
  })

  it('prints SARIF 2.1.0', async () => {
    const { output } = await lint('bad/Corefile', '-o', 'sarif')
    const { version, runs } = JSON.parse(output) as { version: string; runs: [{ tool: unknown; results: unknown[] }] }
    expect(version).toBe('2.1.0')
    expect(runs[0].results).toHaveLength(3)
    expect(runs[0].results[0]).toMatchObject({
      ruleId: 'removed-directive',
      level: 'error',
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'bad/Corefile' },
            region: { startLine: 3, startColumn: 5, endColumn: 10 },
          },
        },
      ],
    })
  })

  it.each([
    { args: [], message: "Missing required argument 'file'; " },
    { args: ['none/Corefile'], message: /^Cannot read \S+none\/Corefile: no such file or folder$/ },
    {
      args: ['junk.conf'],
      message: /junk\.conf: it is no Corefile .*, no resolv\.conf and no manifest; give a Corefile, /,
    },
    { args: ['empty.conf'], message: /empty\.conf: it is empty; give a Corefile, / },
    { args: ['good/Corefile', '-o', 'xml'], message: "Option '-o, --output <format>' argument 'xml' is invalid" },
    { args: ['good/Corefile', '--resolv-conf', 'none.conf'], message: 'Cannot read ' },
    { args: ['good/Corefile', '--fix'], message: "Unknown option '--fix'" },
    { args: ['cluster/pod.yaml'], message: /No Corefile in \S*cluster\/pod\.yaml/ },
  ])('refuses $args: $message', async ({ args, message }) => {
    await expect(lint(...args)).rejects.toThrow(message)
    await expect(lint(...args)).rejects.toBeInstanceOf(UsageError)
  })

  it('prints its help', async () => {
    const { status, output } = await lint('--help')
    expect(status).toBe(0)
    expect(output).toContain('Usage: fathom lint [options] <file...>')
  })
})
