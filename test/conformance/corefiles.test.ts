// Corefiles as clusters run them: each one can be used, or is refused with the words that CoreDNS has for it.
import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeError } from '../../src/base/index.ts'
import { createSelfSigned } from '../../src/lab/cluster/self-signed.ts'
import { PLUGINS } from '../../src/plugins/index.ts'
import { checkServer, systemFiles, type Files } from '../../src/server/index.ts'
import { SHARED_MISSING, sharedPath } from '../support/shared.ts'

const folder = sharedPath('corefiles')

/** The ones that CoreDNS 1.14 refuses, by name, and what is wrong in its words; ours may add the place. */
const REFUSED: Readonly<Record<string, string>> = {
  'istio-multicluster-old': "Unknown directive 'proxy'",
  'kubespray-docs-literal':
    'name rule supports only exact, prefix, suffix, substring, and regex name matching, received: stop',
  'openshift-dnsnameresolver': "Unknown directive 'ocp_dnsnameresolver'",
  'perf-tests': "unknown property 'upstream'",
  'neg-duplicate-zone': 'cannot serve dns://.:53 - it is already defined',
  'neg-forward-16': 'more than 15 TOs configured: 16',
  'neg-inline-block': 'strconv.Atoi: parsing "30;": invalid syntax',
  'neg-nested-zone': "Corefile:7 - Error during parsing: Unknown directive 'example.com'",
  'neg-stale-seconds': 'time: missing unit in duration "3600"',
  'neg-unclosed-inner': "unknown property 'cache'",
  'neg-unclosed-outer': "Corefile:3 - Syntax error: Unexpected token 'errors', expecting '}'",
}

/** What the files leave open: what `sed`, Nomad and the machine put in. */
const PILLARS: Readonly<Record<string, string>> = {
  __PILLAR__DNS__DOMAIN__: 'cluster.local',
  __PILLAR__LOCAL__DNS__: '169.254.20.10',
  __PILLAR__DNS__SERVER__: '10.96.0.10',
  __PILLAR__CLUSTER__DNS__: '10.96.0.11',
  __PILLAR__UPSTREAM__SERVERS__: '/etc/resolv.conf',
  wg0: 'lo',
}
const ENVIRONMENT: Readonly<Record<string, string>> = {
  KUBERNETES_SERVICE_HOST: '10.96.0.1',
  KUBERNETES_SERVICE_PORT: '443',
  MY_HOST_IP: '192.0.2.1',
  NOMAD_IP_dns: '192.0.2.1',
  NOMAD_ADDR_metrics: '192.0.2.1:9153',
  NOMAD_HOST_IP_metrics: '192.0.2.1',
  NOMAD_PORT_health: '8080',
}
const CERTIFICATE = createSelfSigned(['example.com'], () => Date.UTC(2026, 0, 1)).cert
const TEXTS: Readonly<Record<string, string>> = {
  '/etc/resolv.conf': 'nameserver 192.0.2.53\nsearch example.org\n',
  '/etc/hosts': '127.0.0.1 localhost\n',
  '/rootfs/etc/hosts': '127.0.0.1 localhost\n',
  '/etc/coredns/NodeHosts': '192.0.2.2 node1\n',
  '/etc/coredns/hosts': '192.0.2.2 node1\n',
  '/etc/coredns/vpn-hosts': '192.0.2.2 node1\n',
  '/etc/pki/example.com-ca-ca-bundle-config-1/ca-bundle.crt': CERTIFICATE,
  '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt': CERTIFICATE,
  '/var/run/secrets/kubernetes.io/serviceaccount/token': 'token',
}

const files: Files = {
  ...systemFiles,
  readText: (path) => TEXTS[path] ?? systemFiles.readText(path),
  stat(path) {
    const text = TEXTS[path]
    return text === undefined ? systemFiles.stat(path) : { mtimeMs: 0, sizeBytes: text.length, isDirectory: false }
  },
}

const paths = folder === undefined ? [] : [...corefilesIn(folder), ...corefilesIn(join(folder, 'negative'))]

function corefilesIn(directory: string): { readonly name: string; readonly path: string }[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.Corefile'))
    .map((name) => ({ name: basename(name, '.Corefile'), path: join(directory, name) }))
}

/** The message a file is refused with; undefined when it can be used. */
async function refusal(path: string): Promise<string | undefined> {
  const text = readFileSync(path, 'utf8').replaceAll(/__PILLAR__[A-Z_]+__|\bwg0\b/g, (name) => PILLARS[name] ?? name)
  try {
    const blocks = await checkServer({
      plugins: PLUGINS,
      corefile: { text, name: 'Corefile' },
      files,
      environment: ENVIRONMENT,
      write: () => undefined,
    })
    return blocks.length > 0 ? undefined : 'no server blocks'
  } catch (error) {
    return describeError(error)
  }
}

describe.skipIf(folder === undefined)(`Corefiles of real clusters (${SHARED_MISSING})`, () => {
  it('are there, and every expected refusal names one', () => {
    expect(paths.length).toBeGreaterThan(55)
    const names = new Set(paths.map(({ name }) => name))
    expect(Object.keys(REFUSED).filter((name) => !names.has(name))).toEqual([])
  })

  it.each(paths.filter(({ name }) => REFUSED[name] === undefined))('$name can be used', async ({ path }) => {
    expect(await refusal(path)).toBeUndefined()
  })

  it.each(paths.filter(({ name }) => REFUSED[name] !== undefined))('$name is refused', async ({ name, path }) => {
    expect(await refusal(path)).toContain(REFUSED[name])
  })
})
