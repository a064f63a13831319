// A server whose upstreams lead back to it: `loop` ends the process, as CoreDNS's does, whatever way the question takes.
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { query } from '../../src/dns/index.ts'
import { exchange } from '../../src/net/index.ts'
import { WHY_NOT_BUILT, startProgram } from '../support/process-rig.ts'
import type { ProcessRig } from '../support/process-rig.ts'

let folder = ''
const running: ProcessRig[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fathom-loop-'))
})

afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL')
  await Promise.all(running.splice(0).map(({ ended }) => ended))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

function serve(name: string, corefile: string): ProcessRig {
  const rig = startProgram(['serve', '-conf', write(name, corefile)])
  running.push(rig)
  return rig
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

/** A loopback address of this machine itself with port 53 free for who may bind it, as 127.0.0.53 is in a resolv.conf. */
const OWN_RESOLVER = '127.83.53.53'
const whyNotPort53 = process.getuid?.() === 0 ? undefined : 'needs root to bind port 53'

describe.skipIf(WHY_NOT_BUILT !== undefined)(
  `fathom serve with a loop${WHY_NOT_BUILT ? ` (skipped: ${WHY_NOT_BUILT})` : ''}`,
  () => {
    it.each([
      { way: 'itself', plugins: '', forward: '' },
      { way: 'itself, behind a cache', plugins: 'errors\n cache 30', forward: '' },
      { way: 'itself over TCP', plugins: '', forward: ' {\n  force_tcp\n }' },
    ])('ends with 1 when a block forwards to $way', async ({ plugins, forward }) => {
      const port = await freePort()
      const { ended, stdout } = serve(
        'Corefile',
        `.:${port} {\n bind 127.0.0.1\n ${plugins}\n forward . 127.0.0.1:${port}${forward}\n loop\n}\n`,
      )
      expect(await ended).toBe(1)
      expect(stdout()).toMatch(
        new RegExp(
          `^\\[FATAL\\] plugin/loop: Loop \\(127\\.0\\.0\\.1:\\d+ -> 127\\.0\\.0\\.1:${port}\\) detected for zone "\\."`,
          'm',
        ),
      )
    })

    it('ends with 1 when two blocks forward to each other', async () => {
      const [port, other] = [await freePort(), await freePort()]
      const block = (own: number, to: number): string =>
        `.:${own} {\n bind 127.0.0.1\n loop\n forward . 127.0.0.1:${to}\n}\n`
      const { ended, stdout } = serve('Corefile', block(port, other) + block(other, port))
      expect(await ended).toBe(1)
      expect(stdout()).toContain('[FATAL] plugin/loop: Loop (')
    })

    it('ends with 1 when another server, which does not look for loops, forwards back', async () => {
      const [port, other] = [await freePort(), await freePort()]
      const without = serve('Other', `.:${other} {\n bind 127.0.0.1\n forward . 127.0.0.1:${port}\n}\n`)
      await expect.poll(() => without.stdout(), { timeout: 15_000 }).toContain('node')
      const { ended } = serve('Corefile', `.:${port} {\n bind 127.0.0.1\n loop\n forward . 127.0.0.1:${other}\n}\n`)
      expect(await ended).toBe(1)
      expect(without.child.exitCode).toBe(null)
    })

    it.skipIf(whyNotPort53 !== undefined)(
      `ends with 1 when resolv.conf names the server itself${whyNotPort53 ? ` (skipped: ${whyNotPort53})` : ''}`,
      async () => {
        const file = write('resolv.conf', `nameserver ${OWN_RESOLVER}\noptions edns0 trust-ad\n`)
        const { ended, stdout } = serve(
          'Corefile',
          `.:53 {\n bind ${OWN_RESOLVER}\n errors\n forward . ${file}\n cache 30\n loop\n}\n`,
        )
        expect(await ended).toBe(1)
        expect(stdout()).toContain(`-> ${OWN_RESOLVER}:53) detected for zone "."`)
      },
    )

    it('answers a client SERVFAIL within its patience where nobody looks for loops', async () => {
      const port = await freePort()
      const { stdout } = serve('Corefile', `.:${port} {\n bind 127.0.0.1\n forward . 127.0.0.1:${port}\n}\n`)
      await expect.poll(() => stdout(), { timeout: 15_000 }).toContain('node')
      const server = { address: '127.0.0.1', port }
      const message = query({ name: 'round.example.org', type: 'A' })
      const result = await exchange({ server, message, transport: 'udp', timeoutMs: 5000 })
      expect(result).toMatchObject({ kind: 'response', message: { rcode: 'SERVFAIL' } })
    })
  },
)
