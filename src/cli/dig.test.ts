import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digScenario } from '../../test/support/dig-scenario.ts'
import { runOurDig } from '../../test/support/run-dig.ts'
import { startScriptedServer } from '../../test/support/scripted-server.ts'
import type { ScriptedServer } from '../../test/support/scripted-server.ts'

let server: ScriptedServer
let folder: string

beforeAll(async () => {
  server = await startScriptedServer(digScenario)
  folder = mkdtempSync(join(tmpdir(), 'fathom-dig-'))
})

afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

const dig = (command: string, stdin = ''): ReturnType<typeof runOurDig> =>
  runOurDig(['@127.0.0.1', '-p', String(server.port), ...command.split(' ')], stdin)

const ONCE = '+time=1 +tries=1'

describe('fathom dig', () => {
  it.each([
    {
      title: 'another question',
      name: 'otherquestion',
      says: ';; Question section mismatch: got other.example.net/A/IN',
    },
    { title: 'its own query', name: 'echo', says: ';; Warning: query response not set' },
    { title: 'less than a header', name: 'short', says: ';; Warning: short (< header size) message received' },
    { title: 'malformed octets', name: 'malformed', says: ';; Got bad packet: Cannot decode A record' },
    {
      title: 'a name that points to itself',
      name: 'badname',
      says: ';; Got bad packet: Cannot decode name: the pointer at',
    },
  ])('shows $title as that and keeps waiting', async ({ name, says }) => {
    const { stdout, exitCode } = await dig(`${name}.example.org ${ONCE}`)
    expect(stdout).toContain(says)
    expect(stdout.indexOf('timed out')).toBeGreaterThan(stdout.indexOf(says))
    expect(exitCode).toBe(9)
  })

  it('shows the octets of a malformed response', async () => {
    const { stdout } = await dig(`badname.example.org ${ONCE}`)
    expect(stdout).toMatch(/^69 bytes\n([0-9a-f]{2} ){16} {9}\S{16}\n/m)
  })

  it('names the address that a stray datagram came from', async () => {
    const { stdout, exitCode } = await dig('elsewhere.example.org')
    expect(stdout).toMatch(/^;; Warning: reply from unexpected source: 127\.0\.0\.1#\d+, expected 127\.0\.0\.1#\d+$/m)
    expect(stdout).toContain('status: NOERROR')
    expect(exitCode).toBe(0)
  })

  it.each([
    { command: '+nosuch a', says: 'Invalid option: +nosuch' },
    { command: '+ti a', says: 'Invalid option: +ti' },
    { command: '-z a', says: 'Invalid option: -z' },
    { command: '-4 -6 a', says: 'only one of -4 and -6 allowed' },
    { command: '-p 99999 a', says: "Couldn't parse port number: 99999 is out of range, 0 to 65535" },
    { command: '-b 1.2.3 a', says: 'invalid address 1.2.3' },
    { command: '+time=abc a', says: 'Couldn\'t parse timeout: "abc" is not a valid number' },
    { command: '+bufsize=99999 a', says: "Couldn't parse buffer size: 99999 is out of range" },
    { command: '+subnet=300.1.1.1 a', says: 'Couldn\'t parse subnet: "300.1.1.1" is not an address' },
    { command: '+cookie=zz a', says: 'Couldn\'t parse cookie: "zz" is not pairs of hexadecimal digits' },
    { command: '+trace a', says: 'Cannot use +trace: following delegations from the root is not offered' },
    { command: '-y hmac:key:c2VjcmV0 a', says: 'Cannot sign the query: TSIG keys (-k, -y) are not offered' },
    { command: '--in default/pod --pid 1 a', says: 'Cannot use --in and --pid together' },
    { command: '-x 2001:db8::zz', says: 'Invalid IP address 2001:db8::zz' },
  ])('refuses "$command" with one line and exit code 1', async ({ command, says }) => {
    const { stdout, stderr, exitCode } = await dig(command)
    expect(stderr).toContain(`fathom dig: ${says}`)
    expect(stderr.trimEnd()).not.toContain('\n')
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 })
  })

  it.each([
    { name: 'a..b', says: 'it has an empty label' },
    { name: `${'a'.repeat(64)}.example.org`, says: 'label is 64 octets, limit is 63' },
    { name: 'abcdefgh.'.repeat(29), says: 'name is 262 octets, limit is 255' },
    { name: 'a\\300.example.org', says: '"\\300" is not \\000 to \\255' },
  ])('refuses the name $name with exit code 10', async ({ name, says }) => {
    const { stderr, exitCode } = await dig(name)
    expect(stderr).toContain(says)
    expect(exitCode).toBe(10)
  })

  it('takes the short forms that dig takes', async () => {
    const { stdout, exitCode } = await dig('example.org +noall +answ +do +rec +ret=0 +tim=1 +tri=1 +nostat')
    expect(stdout).toMatch(/^example\.org\.\t\t3600\tIN\tA\t192\.0\.2\.1\n/)
    expect(exitCode).toBe(0)
  })

  it('reads further command lines from a file and from standard input', async () => {
    const path = join(folder, 'batch')
    const lines = '# comment\n\nchain.example.org +short\n; another\n-x 192.0.2.1 +short\n'
    writeFileSync(path, lines)
    const expected =
      'alias.example.net.\na-name-so-long-that-it-fills-the-column.example.net.\n192.0.2.7\na\\@b\\$\\;\\(\\"\\.c.example.org.\n'
    expect((await dig(`-f ${path}`)).stdout).toBe(expected)
    expect((await dig('-f -', lines)).stdout).toBe(expected)
  })

  it('says which batch file is missing with exit code 8', async () => {
    const { stderr, exitCode } = await dig('-f /nonexistent/batch')
    expect(stderr).toBe('fathom dig: Cannot open batch file /nonexistent/batch: no such file\n')
    expect(exitCode).toBe(8)
  })

  it('pads the query to the block', async () => {
    await dig('padding.example.org +padding=128')
    expect(server.queries.at(-1)?.octets.length).toBe(128)
  })

  it('retries with the cookie that BADCOOKIE brought', async () => {
    const { stdout, exitCode } = await dig('badcookie.example.org')
    expect(stdout).toContain(';; BADCOOKIE, retrying.\n')
    expect(stdout).toContain('status: NOERROR')
    expect(exitCode).toBe(0)
  })

  it('takes the port from the server where it stands there', async () => {
    const { stdout } = await runOurDig([`@127.0.0.1#${server.port}`, 'example.org', '+short'])
    expect(stdout).toBe('192.0.2.1\n192.0.2.2\n')
  })

  it('prints help and version without asking anyone', async () => {
    const asked = server.queries.length
    expect((await dig('-h')).stdout).toMatch(/^Usage: fathom dig /)
    expect((await dig('--help')).stdout).toBe((await dig('-h')).stdout)
    expect((await dig('-v')).stdout).toMatch(/^fathom dig \d/)
    expect(server.queries.length).toBe(asked)
  })
})

describe('fathom dig AXFR', () => {
  it('says how far it got when the server closes the connection', async () => {
    const { stdout, exitCode } = await dig('cut.example.org AXFR')
    expect(stdout).toContain('end of file\n; Transfer failed.\n')
    expect(exitCode).toBe(9)
  })

  it('ends an IXFR at the third SOA record of the new serial, or at once when nothing is newer', async () => {
    const differences = await dig('ixfr=1 example.org')
    expect(differences.stdout).toContain(';; XFR size: 7 records (messages 1,')
    const current = await dig('ixfr=3 example.org')
    expect(current.stdout).toContain(';; XFR size: 1 records (messages 1,')
  })
})
