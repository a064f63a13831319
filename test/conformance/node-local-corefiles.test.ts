// Corefiles with a node-local role, as clusters have them: `fathom node-cache` runs each and answers inside and outside the cluster.
// Nothing leaves this machine: every upstream that a Corefile names is one server of the test's.
import { readFileSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PLUGINS } from '../../src/plugins/index.ts'
import { startNodeCacheRig } from '../support/node-cache-rig.ts'
import { startRig } from '../support/server-rig.ts'
import type { ServerRig } from '../support/server-rig.ts'
import { SHARED_MISSING, sharedPath } from '../support/shared.ts'

/** Answers every question for an address. */
const UPSTREAM = `. {
  template IN A {
    answer "{{ .Name }} 30 IN A 192.0.2.1"
  }
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`
/** What installers put in with `sed` before the program sees the file. */
const INSTALLED = { __PILLAR__DNS__DOMAIN__: 'cluster.local', __PILLAR__DNS__SERVER__: '10.96.0.10' }
const FILES = {
  '/etc/resolv.conf': 'nameserver 192.0.2.53\nsearch example.org\n',
  '/etc/coredns/hosts': '127.0.0.1 localhost\n',
}
const DEFAULT_LOCAL_IP = '169.254.20.10'
const TEMPLATE = '/etc/coredns/Corefile.base'

let upstream: ServerRig

beforeAll(async () => {
  upstream = await startRig(UPSTREAM, { plugins: PLUGINS })
})

afterAll(() => upstream.server.stop({ atOnce: true }))

/** Starts the cache with a Corefile, as the file itself or as the template; the rcodes and addresses it gives. */
async function answersOf(text: string, names: readonly string[]): Promise<readonly string[]> {
  const [, binds = ''] = /^\s*bind\s+((?:\d+\.){3}\d.*)$/m.exec(text) ?? []
  const own = binds.split(/\s+/).filter((address) => isIPv4(address) && address !== '0.0.0.0')
  const usesTemplate = text.includes('__PILLAR__')
  const rig = await startNodeCacheRig(usesTemplate ? '' : text, {
    service: upstream.endpoint(),
    localAddresses: own.length > 0 ? own : [DEFAULT_LOCAL_IP],
    files: { ...FILES, ...(usesTemplate ? { [TEMPLATE]: text } : {}) },
    environment: { MY_HOST_IP: '192.0.2.1' },
  })
  try {
    return await Promise.all(
      names.map(async (name) => {
        const result = await rig.ask(name)
        if (result.kind !== 'response') return `${name}: ${result.kind}`
        const { rcode, answer } = result.message
        return `${name}: ${rcode} ${answer.length}`
      }),
    )
  } finally {
    await rig.server.stop({ atOnce: true })
  }
}

const folder = sharedPath('corefiles')
const story = sharedPath('seed/k8s-dns.zh.md')
const corefiles = folder === undefined ? [] : nodeLocalOnes(folder)
const NAMES = ['kubernetes.default.svc.cluster.local', 'www.example.net']

function nodeLocalOnes(directory: string): readonly { readonly name: string; readonly text: string }[] {
  return readFileSync(`${directory}/SOURCES.tsv`, 'utf8')
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([, family]) => family === 'nodelocal')
    .map(([name = '']) => ({ name, text: installed(readFileSync(`${directory}/${name}.Corefile`, 'utf8')) }))
}

function installed(text: string): string {
  return Object.entries(INSTALLED).reduce((filled, [pillar, value]) => filled.replaceAll(pillar, value), text)
}

describe.skipIf(folder === undefined)(`node-local Corefiles of real clusters (${SHARED_MISSING})`, () => {
  it('are there', () => {
    expect(corefiles.length).toBeGreaterThan(10)
  })

  it.each(corefiles)('$name answers inside and outside the cluster', async ({ text }) => {
    expect(await answersOf(text, NAMES)).toEqual(NAMES.map((name) => `${name}: NOERROR 1`))
  })
})

/** The Corefile of the story, as it stands there: a literal block of a ConfigMap, comments and tabs included. */
function storyCorefile(path: string): string {
  return /^Corefile: \|\n([\s\S]*?)\n```/m.exec(readFileSync(path, 'utf8'))?.[1] ?? ''
}

describe.skipIf(story === undefined)(`the Corefile of the story (${SHARED_MISSING})`, () => {
  it('answers inside and outside the cluster', async () => {
    const text = story === undefined ? '' : storyCorefile(story)
    expect(text).toContain('bind 169.254.25.10')
    expect(await answersOf(text, NAMES)).toEqual(NAMES.map((name) => `${name}: NOERROR 1`))
  })
})
