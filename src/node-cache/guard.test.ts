// The supervisor with stand-ins for the cache: small scripts that serve, die and end as a test wants.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startScriptedServer } from '../../test/support/scripted-server.ts'
import type { ScriptedServer } from '../../test/support/scripted-server.ts'
import { systemClock } from '../base/index.ts'
import { query, response } from '../dns/index.ts'
import type { Endpoint } from '../net/exchange-result.ts'
import { exchange } from '../net/index.ts'
import { openDatagramListener } from '../net/listen/index.ts'
import { parseNodeCacheFlags } from './flags.ts'
import { runGuard } from './guard.ts'

let folder = ''
let upstream: ScriptedServer

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fathom-guard-'))
  upstream = await startScriptedServer(({ message }) => [{ kind: 'send', message: response(message) }])
})

afterEach(async () => {
  rmSync(folder, { recursive: true })
  await upstream.close()
})

async function freePort(): Promise<number> {
  const listener = await openDatagramListener({ address: '127.0.0.1', port: 0 }, () => undefined)
  await listener.close(0)
  return listener.local.port
}

/** Guards a script; what it says, and how it ends. */
async function guard(script: string, to: Endpoint | undefined) {
  const path = join(folder, 'cache.mjs')
  writeFileSync(path, script)
  const port = await freePort()
  const lines: string[] = []
  const ended = runGuard({
    flags: parseNodeCacheFlags(['-localip', '127.0.0.1', '-dns.port', String(port)]),
    script: path,
    args: [folder],
    upstream: to,
    clock: systemClock,
    say: (line) => lines.push(line),
  })
  const ask = async (transport: 'tcp' | 'udp'): Promise<string> => {
    const server = { address: '127.0.0.1', port }
    const message = query({ name: 'example.org' })
    return (await exchange({ server, transport, message, timeoutMs: 5000 })).kind
  }
  return { lines, ended, ask }
}

/** Serves and is killed the first time; the second time it serves once the file `go` is there, and then ends cleanly. */
const DIES_ONCE = `
import { existsSync, writeFileSync } from 'node:fs'
const folder = process.argv[2]
if (existsSync(folder + '/died')) {
  const timer = setInterval(() => {
    if (!existsSync(folder + '/go')) return
    clearInterval(timer)
    process.send('serving', () => process.disconnect())
  }, 10)
} else {
  writeFileSync(folder + '/died', '')
  process.send('serving', () => process.kill(process.pid, 'SIGKILL'))
}
`

describe('runGuard()', () => {
  it('stands in over both transports while the cache is gone, and ends with it', async () => {
    const { lines, ended, ask } = await guard(DIES_ONCE, upstream)
    await expect.poll(() => ask('udp'), { timeout: 10_000 }).toBe('response')
    expect(await ask('tcp')).toBe('response')
    writeFileSync(join(folder, 'go'), '')
    expect(await ended).toBe(0)
    expect(lines).toEqual([
      `[WARNING] guard: queries go to ${upstream.address}:${upstream.port} until the cache is back`,
      '[ERROR] guard: the cache ended with SIGKILL; starting it again',
    ])
    expect(await ask('tcp')).toBe('refused')
  })

  it('only starts the cache again when it does not know the upstream Service', async () => {
    writeFileSync(join(folder, 'go'), '')
    const { lines, ended } = await guard(DIES_ONCE, undefined)
    expect(await ended).toBe(0)
    expect(lines).toEqual(['[ERROR] guard: the cache ended with SIGKILL; starting it again'])
  })

  it('ends as the cache does when that cannot even start once', async () => {
    const { lines, ended } = await guard('process.exit(3)', upstream)
    expect(await ended).toBe(3)
    expect(lines).toEqual([])
  })
})
