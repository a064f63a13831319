// Captures taken by the program in namespaces, of real tools and with faults made by iptables; each fault gives its pattern, the
// healthy run none. The files are read by tcpdump and tshark too.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { CaptureReport } from '../../src/analysis/index.ts'
import { isLibc, libc, openPseudoTerminal } from '../../src/sys/index.ts'
import { WHY_NO_IPTABLES, createNetns } from '../support/netns.ts'
import type { Netns } from '../support/netns.ts'
import { bundleProgram } from '../support/program.ts'

const has = (program: string): boolean => spawnSync(program, ['-h'], { stdio: 'ignore' }).error === undefined
const WHY_NOT =
  WHY_NO_IPTABLES ?? (has('dig') && has('tcpdump') ? undefined : 'the programs "dig" and "tcpdump" are needed')
const SERVER = '10.99.0.2'
const COREFILE = `.:53 {
    hosts {
        192.0.2.1 a.example.org
        192.0.2.2 b.example.org
        192.0.2.3 c.example.org
    }
    template IN TXT large.example.org {
        answer "{{ .Name }} 60 IN TXT \\"${'x'.repeat(250)}\\" \\"${'y'.repeat(250)}\\" \\"${'z'.repeat(250)}\\""
        answer "{{ .Name }} 60 IN TXT \\"${'u'.repeat(250)}\\" \\"${'v'.repeat(250)}\\" \\"${'w'.repeat(250)}\\""
    }
    template ANY ANY none.example.org {
        rcode NXDOMAIN
    }
    template ANY ANY fail.example.org {
        rcode SERVFAIL
    }
    template ANY ANY refuse.example.org {
        rcode REFUSED
    }
}
`

let folder: string
let program: string
let client: Netns
let server: Netns

beforeAll(async () => {
  if (WHY_NOT !== undefined) return
  folder = mkdtempSync(join(tmpdir(), 'fathom-capture-'))
  program = await bundleProgram(folder)
  writeFileSync(join(folder, 'Corefile'), COREFILE)
  client = createNetns('pod')
  server = createNetns('dns')
  client.ip('link add eth0 type veth peer name eth1')
  client.ip(`link set eth1 netns ${server.name} name eth0`)
  for (const [netns, address] of [
    [client, '10.99.0.1/24'],
    [server, `${SERVER}/24`],
  ] as const) {
    netns.ip(`address add ${address} dev eth0`)
    netns.ip('link set eth0 up')
  }
  server.start(process.execPath, [program, 'serve', '-conf', join(folder, 'Corefile')])
  await vi.waitFor(() => expect(dig('a.example.org')).toContain('192.0.2.1'), { timeout: 20_000 })
})

afterAll(async () => {
  if (WHY_NOT !== undefined) return
  await client.remove()
  await server.remove()
  rmSync(folder, { recursive: true, force: true })
})

function dig(...words: string[]): string {
  const args = ['netns', 'exec', client.name, 'dig', `@${SERVER}`, '+short', '+time=1', '+tries=1', ...words]
  return spawnSync('ip', args, { encoding: 'utf8' }).stdout
}

/** Captures in the client's namespace while `act` runs; the report, and the file. */
async function capture(
  act: () => void | Promise<void>,
  rule?: readonly string[],
): Promise<{ report: CaptureReport; file: string }> {
  const file = join(folder, `${Math.random().toString(36).slice(2)}.pcapng`)
  if (rule !== undefined) server.run('iptables', ['-A', ...rule])
  const run = client.start(process.execPath, [program, 'capture', '-w', file, '-o', 'json', 'host 10.99.0.2'])
  await expect.poll(() => run.output(), { timeout: 20_000 }).toContain('capturing on')
  try {
    await act()
  } finally {
    if (rule !== undefined) server.run('iptables', ['-D', ...rule])
  }
  // The kernel hands packets over at once; what was answered is in the socket before the next question is.
  run.child.kill('SIGINT')
  await run.ended
  const { stdout } = spawnSync(process.execPath, [program, 'pcap', file, '-o', 'json'], { encoding: 'utf8' })
  return { report: JSON.parse(stdout) as CaptureReport, file }
}

/** What the live view drew, each time four lines. */
function pictures(text: string): string[][] {
  const parts = text.split(/\u001B\[\d+A\r\u001B\[0J/)
  return parts
    .map((part) => part.split('\r\n').slice(0, 4))
    .filter((lines) => lines[0]?.startsWith('queries ') === true)
}

const faults = ({ patterns }: CaptureReport): string[] =>
  patterns.filter(({ kind }) => kind === 'fault').map(({ code }) => code)

describe.skipIf(WHY_NOT !== undefined)(`fathom capture${WHY_NOT === undefined ? '' : ` (${WHY_NOT})`}`, () => {
  it('sees no fault in a healthy exchange, and tcpdump and tshark read its file alike', async () => {
    const { report, file } = await capture(() => {
      for (const name of ['a.example.org', 'b.example.org', 'none.example.org']) dig(name)
      dig('a.example.org', '+tcp')
    })
    expect(faults(report)).toEqual([])
    expect(report.dns).toMatchObject({ transactions: 4, answered: 4, overTcp: 1, rcodes: { NOERROR: 3, NXDOMAIN: 1 } })
    const ours = execFileSync(process.execPath, [program, 'pcap', '--packets', file], { encoding: 'utf8' })
    const env = { ...process.env, TZ: 'UTC' }
    const theirs = execFileSync('tcpdump', ['-nn', '-r', file], {
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    // A file has numbers of interfaces; tcpdump shows the names that this machine has for them.
    const plain = (text: string): string => text.replaceAll(/^(\S+) \S+ +(In|Out|B|M|P) +/gm, '$1 $2 ')
    expect(plain(ours)).toBe(plain(theirs))
    if (!has('tshark')) return
    const fields = ['-T', 'fields', '-e', 'dns.id', '-e', 'dns.qry.name', '-e', 'dns.flags.rcode']
    const messages = execFileSync('tshark', ['-r', file, '-Y', 'dns', ...fields], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    expect(messages.trim().split('\n')).toHaveLength(report.dns.queries + report.dns.responses)
  })

  it('truncation with a working TCP is an observation', async () => {
    const { report } = await capture(() => void dig('large.example.org', 'TXT', '+bufsize=512'))
    expect(faults(report)).toEqual([])
    expect(report.patterns.map(({ code }) => code)).toContain('truncation-fallback')
  })

  it.each([
    ['servfail-responses', ['fail.example.org']],
    ['refused-responses', ['refuse.example.org']],
  ])('%s', async (code, words) => {
    const { report } = await capture(() => void dig(...words))
    expect(faults(report)).toEqual([code])
  })

  it('udp-53-blocked', async () => {
    const { report } = await capture(async () => {
      dig('a.example.org')
      dig('a.example.org', '+tcp')
    }, ['INPUT', '-p', 'udp', '--dport', '53', '-j', 'DROP'])
    expect(faults(report)[0]).toBe('udp-53-blocked')
  })

  it('tcp-53-blocked', async () => {
    const { report } = await capture(
      () => void dig('large.example.org', 'TXT', '+bufsize=512', '+time=2'),
      ['INPUT', '-p', 'tcp', '--dport', '53', '-j', 'DROP'],
    )
    expect(faults(report)).toEqual(['tcp-53-blocked'])
  })

  it('tcp-53-refused', async () => {
    const { report } = await capture(
      () => void dig('large.example.org', 'TXT', '+bufsize=512'),
      ['INPUT', '-p', 'tcp', '--dport', '53', '-j', 'REJECT', '--reject-with', 'tcp-reset'],
    )
    expect(faults(report)).toEqual(['tcp-53-refused'])
  })

  it('firewall-rejected', async () => {
    const rule = ['INPUT', '-p', 'udp', '--dport', '53', '-j', 'REJECT', '--reject-with', 'icmp-admin-prohibited']
    const { report } = await capture(() => void dig('a.example.org'), rule)
    expect(faults(report)).toEqual(['firewall-rejected'])
  })

  it('server-not-listening', async () => {
    const rule = ['INPUT', '-p', 'udp', '--dport', '53', '-j', 'REJECT', '--reject-with', 'icmp-port-unreachable']
    const { report } = await capture(() => void dig('a.example.org'), rule)
    expect(faults(report)).toEqual(['server-not-listening'])
  })

  it('packet-loss', async () => {
    const { report } = await capture(async () => {
      for (const name of ['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b']) dig(`${name}.example.org`)
    }, [
      'INPUT',
      '-p',
      'udp',
      '--dport',
      '53',
      '-m',
      'statistic',
      '--mode',
      'nth',
      '--every',
      '2',
      '--packet',
      '0',
      '-j',
      'DROP',
    ])
    expect(faults(report)).toEqual(['packet-loss'])
  })

  it('loses nothing of 50,000 packets a second, neither in the figures nor in the file', async () => {
    const file = join(folder, 'fast.pcap')
    const run = client.start(process.execPath, [program, 'capture', '-i', 'eth0', '-w', file, 'udp dst port 53'])
    await expect.poll(() => run.output(), { timeout: 20_000 }).toContain('capturing on')
    // Nobody reads them and nobody complains.
    const rule = ['INPUT', '-p', 'udp', '--dport', '53', '-j', 'DROP']
    server.run('iptables', ['-I', ...rule])
    const sender = join(import.meta.dirname, '../../scripts/support/send-queries.mjs')
    let sent: number
    try {
      ;({ sent } = JSON.parse(client.run(process.execPath, [sender, SERVER, '50000', '2'])) as { sent: number })
    } finally {
      server.run('iptables', ['-D', ...rule])
    }
    // 24 octets of header, then 16 + 20 + 66 of each packet.
    await expect.poll(() => statSync(file).size, { timeout: 20_000 }).toBe(24 + sent * (16 + 20 + 66))
    run.child.kill('SIGINT')
    await run.ended
    expect(sent).toBe(100_000)
    expect(run.output()).toContain('100000 packets captured, 0 dropped by the kernel')
  })

  it('writes to a pipe, with its summary elsewhere, and ends when nobody reads on', async () => {
    const command = `"${process.execPath}" "${program}" capture -w - 'udp and host ${SERVER}' | head -c 400 > ${join(folder, 'piped.pcap')}`
    const run = client.start('sh', ['-c', command])
    await expect.poll(() => run.output(), { timeout: 20_000 }).toContain('capturing on')
    const asking = setInterval(() => dig('a.example.org'), 50)
    await run.ended
    clearInterval(asking)
    expect(run.output()).toMatch(/\d+ packets captured, 0 dropped/)
    const lines = execFileSync('tcpdump', ['-nn', '-c', '2', '-r', join(folder, 'piped.pcap')], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    expect(lines).toContain('A? a.example.org.')
  })

  it('gives addresses the names that manifests have for them', async () => {
    const manifest = join(folder, 'service.json')
    const spec = { clusterIP: SERVER, ports: [{ port: 53, protocol: 'UDP' }] }
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace: 'kube-system' },
      spec,
    }
    writeFileSync(manifest, JSON.stringify(service))
    const args = [program, 'capture', '-c', '2', '-o', 'json', '--manifests', manifest, '--', 'udp port 53']
    const run = client.start(process.execPath, args)
    await expect.poll(() => run.output(), { timeout: 20_000 }).toContain('capturing on')
    dig('a.example.org')
    await run.ended
    expect(run.output()).toContain(`"server": "${SERVER} (svc kube-system/kube-dns)"`)
  })

  it('draws on a terminal within its width, also after a resize, and ends at Ctrl-C with the summary', async () => {
    const found = libc()
    if (!isLibc(found)) throw new Error(found.why)
    const terminal = openPseudoTerminal(found)
    terminal.resize(60, 24)
    const { slaveFd, stream } = terminal
    // With a session of its own the terminal is its controlling one: it tells about resizes and Ctrl-C.
    const words = ['netns', 'exec', client.name, 'setsid', '--ctty', process.execPath, program, 'capture']
    const child = spawn('ip', words, { stdio: [slaveFd, slaveFd, slaveFd], env: { ...process.env, NO_COLOR: '1' } })
    const ended = new Promise((resolve) => child.on('exit', resolve))
    closeSync(slaveFd)
    let text = ''
    stream.on('error', () => stream.destroy())
    stream.on('data', (part: Buffer) => (text += part.toString()))
    await expect.poll(() => text, { timeout: 20_000 }).toContain('Ctrl-C ends')
    dig(`${'a-label-that-is-long.'.repeat(5)}none.example.org`)
    await expect.poll(() => text, { timeout: 20_000 }).toContain('rcodes NXDOMAIN 1')
    expect(pictures(text).flat()).toSatisfy((lines: string[]) => lines.every((line) => line.length < 60))
    terminal.resize(200, 24)
    await expect
      .poll(() => pictures(text).at(-1)?.[2], { timeout: 20_000 })
      .toMatch(/slowest .* ms a-label.*\.none\.example\.org\.$/)
    stream.write('\u0003')
    expect(await ended).toBe(0)
    // The picture is gone, the summary stands in its place.
    expect(text.slice(text.lastIndexOf('\u001B[0J'))).toMatch(/^\u001B\[0JNo fault: 1 of 1 transactions? answered/)
  })

  it('a file that ends within a record is read as far as it goes', async () => {
    const { file } = await capture(() => void dig('a.example.org'))
    const octets = readFileSync(file)
    const cut = join(folder, 'cut.pcapng')
    writeFileSync(cut, octets.subarray(0, octets.length - 9))
    const run = spawnSync(process.execPath, [program, 'pcap', cut, '-o', 'json'], { encoding: 'utf8' })
    const report = JSON.parse(run.stdout) as CaptureReport
    expect(report.file.cutShort).toBe(true)
    expect(report.patterns.map(({ code }) => code)).toContain('capture-cut-short')
  })
})
