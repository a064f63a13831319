import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SHARED_MISSING, sharedPath } from '../../test/support/shared.ts'
import { PLUGINS } from '../plugins/index.ts'
import { checkServer } from '../server/index.ts'
import { createCorefileWriter } from './corefile-source.ts'
import { parseNodeCacheFlags } from './flags.ts'
import { systemNode } from './node-access.ts'
import type { SetupErrorType } from './setup-errors.ts'

let folder = ''
let lines: string[] = []
let counted: SetupErrorType[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fathom-corefile-'))
  mkdirSync(join(folder, 'kube-dns'))
  mkdirSync(join(folder, 'base'))
  lines = []
  counted = []
})

afterEach(() => rmSync(folder, { recursive: true }))

const template = (): string => join(folder, 'base', 'Corefile.base')
const corefile = (): string => join(folder, 'Corefile')
const kubeDns = (key: string, text: string): void => writeFileSync(join(folder, 'kube-dns', key), text)

function writer(environment: Readonly<Record<string, string>> = { KUBE_DNS_SERVICE_HOST: '10.0.0.11' }) {
  const args = ['-localip', '169.254.20.10', '-conf', corefile(), '-basecorefile', template()]
  return createCorefileWriter({
    flags: parseNodeCacheFlags([...args, '-kubednscm', join(folder, 'kube-dns')]),
    files: systemNode.files,
    environment,
    say: (line) => lines.push(line),
    count: (type) => counted.push(type),
  })
}

describe('createCorefileWriter()', () => {
  it('fills the template, and writes again only what became another file', () => {
    writeFileSync(template(), '. {\n forward . __PILLAR__CLUSTER__DNS__\n}\n')
    const made = writer()
    expect(made.write()).toBe(true)
    expect(readFileSync(corefile(), 'utf8')).toBe('. {\n forward . 10.0.0.11\n}\n')
    expect(lines).toContain('[INFO] Updated Corefile with 0 custom stubdomains and upstream servers /etc/resolv.conf')
    expect([made.hasNews(), made.write()]).toEqual([false, false])
    kubeDns('stubDomains', '{"acme.local": ["1.2.3.4"]}')
    expect([made.hasNews(), made.write(), made.hasNews()]).toEqual([true, true, false])
    expect(readFileSync(corefile(), 'utf8')).toContain('\n\nacme.local:53 {\n    errors\n')
  })

  it('keeps the last good settings when the ConfigMap becomes invalid', () => {
    writeFileSync(template(), '. {\n forward . __PILLAR__UPSTREAM__SERVERS__\n}\n')
    kubeDns('upstreamNameservers', '["9.9.9.9"]')
    const made = writer()
    made.write()
    kubeDns('upstreamNameservers', '["9.9.9.9')
    expect(made.write()).toBe(false)
    expect(readFileSync(corefile(), 'utf8')).toContain('forward . 9.9.9.9')
    expect(lines.at(-1)).toMatch(/^\[ERROR\] Invalid configuration: upstreamNameservers .*, ignoring update$/)
    expect(counted).toEqual(['configmap'])
  })

  it('leaves the Corefile as it is when there is no template', () => {
    writeFileSync(corefile(), 'finished')
    expect(writer().write()).toBe(false)
    expect(readFileSync(corefile(), 'utf8')).toBe('finished')
    expect(lines).toEqual([expect.stringContaining('Corefile.base: no such file or directory')])
    expect(counted).toEqual(['configmap'])
  })

  it('refuses to write a Corefile without the upstream Service', () => {
    writeFileSync(template(), '. {\n forward . __PILLAR__CLUSTER__DNS__\n}\n')
    expect(() => writer({}).write()).toThrow('KUBE_DNS_SERVICE_HOST is not set')
  })

  const manifest = sharedPath('corefiles/k8s-nodelocaldns.Corefile')
  const generated = sharedPath('corefiles/node-cache-generated.Corefile')
  it.skipIf(manifest === undefined || generated === undefined)(
    `makes what NodeLocal DNSCache makes of its manifest${manifest === undefined ? ` (${SHARED_MISSING})` : ''}`,
    async () => {
      const text = readFileSync(manifest ?? '', 'utf8')
      writeFileSync(template(), text.replaceAll('__PILLAR__DNS__DOMAIN__', 'cluster.local'))
      kubeDns('stubDomains', '{"acme.local": ["1.2.3.4", "10.20.30.40:5353"]}')
      kubeDns('upstreamNameservers', '["8.8.8.8", "8.8.4.4"]')
      writer().write()
      const tokens = (path: string): string[] => readFileSync(path, 'utf8').trim().split(/\s+/)
      expect(tokens(corefile())).toEqual(tokens(generated ?? ''))
      const blocks = await checkServer({ plugins: PLUGINS, corefile: { path: corefile() }, write: () => {} })
      expect(blocks.map(({ block }) => block.zones.join(' '))).toEqual([
        'cluster.local.',
        'in-addr.arpa.',
        'ip6.arpa.',
        '.',
        'acme.local.',
      ])
    },
  )
})
