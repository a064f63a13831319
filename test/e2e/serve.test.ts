// fathom serve as a process: what it prints, which signals it obeys, how it ends.
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { query } from '../../src/dns/index.ts'
import { exchange } from '../../src/net/index.ts'
import { WHY_NOT_BUILT, startProgram } from '../support/process-rig.ts'
import type { ProcessRig } from '../support/process-rig.ts'

let folder = ''
let running: ProcessRig | undefined

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fathom-serve-'))
})

afterEach(async () => {
  running?.child.kill('SIGKILL')
  await running?.ended
  running = undefined
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function writeCorefile(text: string): string {
  const file = join(folder, 'Corefile')
  writeFileSync(file, text)
  return file
}

/** A port that is free on loopback now. */
async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function start(args: readonly string[], options: Parameters<typeof startProgram>[1] = {}): ProcessRig {
  running = startProgram(['serve', ...args], options)
  return running
}

async function isServing({ stdout }: ProcessRig): Promise<void> {
  await expect.poll(() => stdout(), { timeout: 15_000 }).toContain('node')
}

async function rcodeFrom(port: number): Promise<string> {
  const message = query({ name: 'x.example.org' })
  const result = await exchange({ server: { address: '127.0.0.1', port }, message, transport: 'udp', timeoutMs: 3000 })
  return result.kind === 'response' ? result.message.rcode : result.kind
}

describe.skipIf(WHY_NOT_BUILT !== undefined)(
  `fathom serve${WHY_NOT_BUILT ? ` (skipped: ${WHY_NOT_BUILT})` : ''}`,
  () => {
    it('prints zones and version, writes its pid, reloads on SIGUSR1, ignores SIGHUP, ends on SIGTERM with 0', async () => {
      const port = await freePort()
      const corefile = (zone: string): string => `${zone}:${port} {\n bind 127.0.0.1\n whoami\n}\n`
      const file = writeCorefile(corefile('example.org'))
      const pidfile = join(folder, 'pid')
      const rig = start(['-conf', file, '-pidfile', pidfile])
      await isServing(rig)
      expect(rig.stdout()).toMatch(
        new RegExp(`^example\\.org\\.:${port} on 127\\.0\\.0\\.1\\nFathom-[^\\n]+\\n\\w+/\\w+, node[\\d.]+\\n`),
      )
      expect(readFileSync(pidfile, 'utf8')).toBe(`${rig.child.pid}\n`)
      expect(await rcodeFrom(port)).toBe('NOERROR')

      writeCorefile(corefile('example.net'))
      rig.child.kill('SIGHUP')
      rig.child.kill('SIGUSR1')
      await expect
        .poll(() => rig.stdout())
        .toContain('[INFO] SIGUSR1: Reloading\n[INFO] Reloading\n[INFO] Reloading complete\n')
      expect(await rcodeFrom(port)).toBe('REFUSED')

      writeCorefile('nonsense {')
      rig.child.kill('SIGUSR1')
      await expect.poll(() => rig.stdout()).toContain('[ERROR] SIGUSR1: ')
      expect(await rcodeFrom(port)).toBe('REFUSED')

      rig.child.kill('SIGTERM')
      expect(await rig.ended).toBe(0)
      expect(rig.stdout()).toContain('[INFO] SIGTERM: Shutting down servers then terminating\n')
      expect(rig.stderr()).toBe('')
      expect(existsSync(pidfile)).toBe(false)
    })

    it('ends with 2 on a second SIGINT, whatever the lameduck time', async () => {
      const [port, healthPort] = [await freePort(), await freePort()]
      const health = `health 127.0.0.1:${healthPort} {\n lameduck 1m\n }`
      const rig = start(['-conf', writeCorefile(`.:${port} {\n bind 127.0.0.1\n ${health}\n whoami\n}`)])
      await isServing(rig)
      rig.child.kill('SIGINT')
      await expect.poll(() => rig.stdout()).toContain('Going into lameduck mode for 1m0s')
      expect(await rcodeFrom(port)).toBe('NOERROR')
      rig.child.kill('SIGINT')
      expect(await rig.ended).toBe(2)
    })

    it('ends at once on SIGQUIT', async () => {
      const port = await freePort()
      const rig = start(['-conf', writeCorefile(`.:${port} {\n bind 127.0.0.1\n whoami\n}`), '-quiet'])
      await expect.poll(async () => rcodeFrom(port), { timeout: 15_000 }).toBe('NOERROR')
      expect(rig.stdout()).toBe('')
      rig.child.kill('SIGQUIT')
      expect(await rig.ended).toBe(0)
    })

    it('reads the Corefile from a pipe when there is no file', async () => {
      const port = await freePort()
      const rig = start([], {
        input: `.:${port} {\n bind 127.0.0.1\n whoami\n}`,
        cwd: mkdtempSync(join(folder, 'empty-')),
      })
      await isServing(rig)
      expect(await rcodeFrom(port)).toBe('NOERROR')
    })

    it.each([
      {
        what: 'an unknown directive',
        corefile: '. {\n nosuch\n}',
        stderr: "Corefile:2 - Error during parsing: Unknown directive 'nosuch'",
      },
      {
        what: 'a plugin that is not ours',
        corefile: '. {\n etcd\n}',
        stderr: '"etcd" is a plugin of CoreDNS that this program does not have',
      },
      {
        what: 'a scheme that is not served',
        corefile: 'grpc://. {\n whoami\n}',
        stderr: 'Corefile:1 - Error during parsing: grpc:// is not served by this program: grpc://.',
      },
      {
        what: 'a placeholder that nobody filled in',
        corefile: '. {\n forward . __PILLAR__CLUSTER__DNS__\n}',
        stderr:
          'Corefile:2 - Error during parsing: not an IP address or file: "__PILLAR__CLUSTER__DNS__"\n  A placeholder',
      },
      {
        what: 'a directive that stands twice',
        corefile: '. {\n errors\n errors\n}',
        stderr: 'Corefile:3 is one too many',
      },
      {
        what: 'a port that is none',
        corefile: '. {\n health :80800\n}',
        stderr: 'address :80800: invalid port',
      },
      { what: 'a bad option', corefile: '. {\n cache 0\n}', stderr: 'plugin/cache: ' },
      {
        what: 'an address that is not ours',
        corefile: '. {\n bind 192.0.2.1\n whoami\n}',
        stderr: 'Listen: listen tcp 192.0.2.1:53: bind: cannot assign requested address',
      },
    ])('ends with 1 and one line for $what', async ({ corefile, stderr }) => {
      const rig = start(['-conf', writeCorefile(corefile)])
      expect(await rig.ended).toBe(1)
      expect(rig.stderr()).toContain(stderr)
      expect(rig.stderr()).not.toContain('    at ')
    })

    it('ends with 1 when the port is taken', async () => {
      const taken = createServer()
      taken.listen(0, '127.0.0.1')
      await once(taken, 'listening')
      const { port } = taken.address() as AddressInfo
      const rig = start(['-conf', writeCorefile(`.:${port} {\n bind 127.0.0.1\n whoami\n}`)])
      expect(await rig.ended).toBe(1)
      const [message, hint] = rig.stderr().split('\n')
      expect(message).toBe(`Listen: listen tcp 127.0.0.1:${port}: bind: address already in use`)
      expect(hint).toContain(`The server block at ${join(folder, 'Corefile')}:1 wants to listen there`)
      const health = start(['-conf', writeCorefile(`.:0 {\n bind 127.0.0.1\n health 127.0.0.1:${port}\n}\n`)])
      expect(await health.ended).toBe(1)
      expect(health.stderr()).toContain(`"health" at ${join(folder, 'Corefile')}:3 wants to listen there`)
      taken.close()
    })

    it('serves whoami on -dns.port where there is no Corefile', async () => {
      const port = await freePort()
      const rig = start(['-dns.port', String(port)], { input: '', cwd: mkdtempSync(join(folder, 'none-')) })
      await isServing(rig)
      expect(rig.stdout()).toContain(`.:${port}\n`)
      expect(await rcodeFrom(port)).toBe('NOERROR')
    })

    it('ends with 1 when the Corefile is not there, and with 2 for arguments that it does not know', async () => {
      const missing = start(['-conf', join(folder, 'nosuch')])
      expect(await missing.ended).toBe(1)
      expect(missing.stderr()).toBe(
        `open ${join(folder, 'nosuch')}: no such file or directory\n  -conf names that file\n`,
      )
      const unknown = start(['-nosuch'])
      expect(await unknown.ended).toBe(2)
      const extra = start(['file'])
      expect(await extra.ended).toBe(2)
      expect(extra.stderr()).toContain('Extra command line arguments: "file"')
    })

    it('checks and dumps without listening, results on standard output, warnings elsewhere', async () => {
      const file = writeCorefile('example.org:53 {\n import none/*.conf\n whoami\n errors\n}')
      const check = start(['--check', file])
      expect(await check.ended).toBe(0)
      const dump = start(['--dump', file])
      expect(await dump.ended).toBe(0)
      expect(JSON.parse(dump.stdout())).toEqual([
        { zones: ['example.org.'], port: '53', transport: 'dns', plugins: ['errors', 'whoami'] },
      ])
      expect(dump.stderr()).toContain('No files matching import glob pattern: none/*.conf')
      const bad = start(['--check', writeCorefile('. {\n nosuch\n}')])
      expect(await bad.ended).toBe(1)
    })
  },
)
