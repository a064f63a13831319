import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { CAUSE_FIXTURES } from '../../../test/support/causes/index.ts'
import { fromPod, nodes } from '../../../test/support/causes/pod-dns.ts'
import { diagnoseFixture, silence } from '../../../test/support/dns-world.ts'
import type { Fixture, Rule } from '../../../test/support/dns-world.ts'
import { findObject, pod, replace, service, slice, smallCluster } from '../../../test/support/small-cluster.ts'
import type { KubeJson, SmallCluster } from '../../../test/support/small-cluster.ts'
import { judge } from '../index.ts'
import { LANGUAGES, buildReport, renderReport } from '../report/index.ts'
import type { Diagnosis } from '../verdict/index.ts'
import { BundleError, packBundle, unpackBundle } from './bundle.ts'
import { pseudonymize } from './pseudonyms/index.ts'
import type { BundleOptions } from './bundle.ts'
import { BUNDLE_ANNOTATIONS } from './reduce.ts'
import { readTar, writeTar } from './tar.ts'

/** A key that no test depends on. */
const KEY = Buffer.alloc(32, 'bundle test')

/** What was found, without who it was found at; names decide the order of equals. */
function findingsOf({ verdict }: Diagnosis): string[] {
  const { causes, observations, excluded, notChecked } = verdict
  const found = [
    ...causes.map(({ code, status, causedBy }) => `cause ${code} ${status} ${causedBy ?? ''}`),
    ...observations.map(({ code, status }) => `observation ${code} ${status}`),
    ...excluded.map(({ code }) => `excluded ${code}`),
    ...notChecked.map(({ code, why }) => `not checked ${code} ${why.key}`),
  ]
  return found.toSorted()
}

/** Every text that a diagnosis comes to. */
function reportsOf(diagnosis: Diagnosis): string[] {
  return LANGUAGES.flatMap((language) => {
    const report = buildReport(diagnosis, language)
    return [renderReport(report, 'text'), renderReport(report, 'json')]
  })
}

async function judgePacked(
  { facts, ladder }: Pick<Diagnosis, 'facts' | 'ladder'>,
  options: BundleOptions,
): Promise<Diagnosis> {
  const bundle = await unpackBundle(await packBundle(facts, ladder, options))
  const { name, pods } = bundle.manifest.options
  return judge({
    facts: bundle.facts,
    ladder: bundle.ladder,
    pods: bundle.facts.objects.pods.filter(({ meta }) =>
      pods.some((one) => one.namespace === meta.namespace && one.name === meta.name),
    ),
    ...(name === undefined ? {} : { name }),
  })
}

describe('unpackBundle() of packBundle()', () => {
  const fixtures = Object.entries(CAUSE_FIXTURES).map(([code, { has }]) => ({ code, has }))

  it.each(fixtures)('gives the same report of a cluster with $code', async ({ has }) => {
    const fixture = has()
    const diagnosis = await diagnoseFixture(fixture)
    const { name, type, searches, origins = [] } = fixture
    const options: BundleOptions = {
      ...(name === undefined
        ? {}
        : {
            name: {
              text: name,
              ...(type === undefined ? {} : { type }),
              ...(searches === undefined ? {} : { searches }),
            },
          }),
      pods: origins.flatMap(({ place }) =>
        place.kind === 'pod' ? [{ namespace: place.namespace, name: place.name }] : [],
      ),
    }
    const again = await judgePacked(diagnosis, options)
    expect(reportsOf(again)).toEqual(reportsOf(diagnosis))

    const shown = pseudonymize({ facts: diagnosis.facts, ladder: diagnosis.ladder, options }, KEY)
    const anonymous = await judgePacked(shown, shown.options)
    expect(findingsOf(anonymous)).toEqual(findingsOf(diagnosis))
    expect(anonymous.verdict.main?.code).toBe(diagnosis.verdict.main?.code)
  })

  it('holds no annotation that no cause reads, and no command line but that of kube-proxy', async () => {
    const cluster = smallCluster()
    const pod = findObject(cluster, 'Pod', 'db-0')
    pod.metadata['annotations'] = { 'example.com/token': 'hidden-1', 'vpc.amazonaws.com/pod-eni': 'kept-1' }
    const [container] = (pod as unknown as { spec: { containers: Record<string, unknown>[] } }).spec.containers
    Object.assign(container ?? {}, {
      args: ['--password=hidden-2'],
      env: [
        { name: 'PASSWORD', value: 'hidden-3' },
        { name: 'ISTIO_META_DNS_CAPTURE', value: 'false' },
      ],
    })
    const { facts, ladder } = await diagnoseFixture({ cluster })
    const octets = await packBundle(facts, ladder, { pods: [] })
    const text = gunzipSync(octets).toString('utf8')
    expect(text).not.toContain('hidden-')
    expect(text).toContain('kept-1')
  })

  it('holds no secret, wherever somebody put one', async () => {
    const cluster = smallCluster()
    const map = findObject(cluster, 'ConfigMap', 'coredns')
    const { Corefile } = map['data'] as { readonly Corefile: string }
    const more = [
      'tsig {\n secret example.org. hiddenTsigKey0+/==\n }',
      'etcd {\n credentials root hiddenEtcdPass\n }',
      'route53 example.org.:Z1 {\n aws_access_key hiddenAwsId hiddenAwsKey00\n }',
      'forward corp.example https://bob:hiddenUrlPass@10.0.0.9 {\n }',
    ]
    map['data'] = { Corefile: `${Corefile}example.org:53 {\n ${more.join('\n ')}\n}\n` }
    const secret = 'hidden-service-account-token-0000'
    const token = `eyJhbGciOiJSUzI1NiJ9.${Buffer.from(secret).toString('base64url')}.hiddenSignature`
    cluster.objects.push(
      object('Secret', 'db', 'db-credentials', { data: { password: Buffer.from(secret).toString('base64') } }),
      object('ConfigMap', 'kube-system', 'app', { data: { 'config.yaml': 'password: hiddenMapPass\n', token } }),
      object('ConfigMap', 'kube-system', 'kubelet-config-2', {
        data: { kubeconfig: `client-key-data: hiddenClientKey\ntoken: ${token}\n` },
      }),
      object('Event', 'db', 'db-0.9', {
        involvedObject: { kind: 'Pod', namespace: 'db', name: 'db-0' },
        reason: 'Failed',
        message: `login with Authorization: Bearer hiddenBearer0 failed: ${token}`,
        type: 'Warning',
      }),
    )
    const pod = findObject(cluster, 'Pod', 'db-0')
    pod.metadata['annotations'] = {
      'kubectl.kubernetes.io/last-applied-configuration': `{"env":[{"value":"hiddenApplied"}]}`,
      'proxy.istio.io/config': 'tracing: {token: hiddenTracing}',
    }
    replace(findObject(cluster, 'Pod', 'kube-proxy-node1'), 'spec', {
      containers: [
        { name: 'kube-proxy', image: 'kube-proxy:v1.30.2', args: ['--proxy-mode=ipvs', '--token=hiddenFlag'] },
      ],
    })
    const logs = {
      'kube-system/coredns-a': `[ERROR] plugin/errors: dial tcp https://bob:hiddenLogPass@10.0.0.9: too many open files\n`,
    }
    const { facts, ladder } = await diagnoseFixture({ cluster, logs })
    const text = gunzipSync(await packBundle(facts, ladder, { pods: [] })).toString('utf8')
    expect(text.match(/hidden\w*/g)).toBeNull()
    expect(text).not.toContain(token)
    expect(text).not.toContain(Buffer.from(secret).toString('base64'))
    expect(text).toContain('REDACTED')
    expect(text).toContain('--proxy-mode=ipvs')
  })

  it('keeps every annotation that a cause reads', () => {
    const folder = resolve(import.meta.dirname, '../causes')
    const read = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
      .map((path) => readFileSync(join(folder, path), 'utf8'))
      .filter((text) => /annotations\b/.test(text))
      .flatMap((text) => [...text.matchAll(/annotations\??\.?\['([^']+)'\]|ANNOTATION = '([^']+)'/g)])
      .map(([, direct, named]) => direct ?? named ?? '')
    expect(new Set(read)).toEqual(new Set(BUNDLE_ANNOTATIONS))
  })
})

describe('pseudonymize()', () => {
  it('leaves nothing of any name or address of the cluster', async () => {
    const fixture = tellingCluster()
    const diagnosis = await diagnoseFixture(fixture)
    const pods = [{ namespace: 'paymentz', name: 'ledgerz-7d9fbcxyz-k2zzq' }]
    const shown = pseudonymize(
      {
        facts: diagnosis.facts,
        ladder: diagnosis.ladder,
        options: { pods, name: { text: fixture.name ?? '' }, from: 'paymentz/ledgerz-7d9fbcxyz-k2zzq' },
      },
      KEY,
    )
    const files = readTar(gunzipSync(await packBundle(shown.facts, shown.ladder, shown.options)))
    expect(files.map(({ name }) => name)).toEqual(['manifest.json', 'facts.json', 'ladder.json'])
    const raw = JSON.stringify(fixture.cluster)
    const telling = [...new Set(raw.match(/[a-z0-9]*(?:z(?=[^a-z])|zz)[a-z0-9]*/gi))].filter((one) => one.length > 3)
    const addresses = [...new Set(raw.match(/\b(?!127\.|169\.254\.|0\.)\d+\.\d+\.\d+\.\d+\b/g))]
    expect(telling.length).toBeGreaterThan(15)
    expect(addresses.length).toBeGreaterThan(15)
    for (const { octets } of files) {
      const text = Buffer.from(octets).toString('utf8')
      expect(telling.filter((one) => text.toLowerCase().includes(one.toLowerCase()))).toEqual([])
      const left = addresses.filter((one) =>
        [one, one.replaceAll('.', '-'), one.split('.').toReversed().join('.')].some((form) =>
          new RegExp(`(?<![\\d.-])${form.replaceAll('.', String.raw`\.`)}(?![\\d-]|\\.\\d)`).test(text),
        ),
      )
      expect(left).toEqual([])
    }
    const again = await judgePacked(shown, shown.options)
    expect(again.asked?.asked.name).toMatch(/^[a-z]\w+\.[a-z]\w+\.svc\.cluster\.local\.$/)
    expect(again.facts.dns.service?.service.meta.name).toBe('kube-dns')
    expect(again.facts.dns.replicas[0]?.pod.meta.namespace).toBe('kube-system')
  })
})

describe('unpackBundle()', () => {
  let good: Uint8Array
  beforeAll(async () => {
    const { facts, ladder } = await diagnoseFixture({ cluster: smallCluster() })
    good = await packBundle(facts, ladder, { pods: [] })
  })

  /** The bundle with one of its files changed, or left out. */
  function changed(name: string, change: (text: string) => string | undefined): Uint8Array {
    const files = readTar(gunzipSync(good)).flatMap((file) => {
      const text = file.name === name ? change(Buffer.from(file.octets).toString('utf8')) : undefined
      if (file.name !== name) return [file]
      return text === undefined ? [] : [{ name, octets: Buffer.from(text) }]
    })
    return gzipSync(writeTar(files, 0))
  }

  it.each([
    { what: 'nothing', make: () => new Uint8Array(), says: 'it is no gzip file' },
    { what: 'text', make: () => Buffer.from('Hello'), says: 'it is no gzip file' },
    {
      what: 'half a file',
      make: () => good.subarray(0, good.length / 2),
      says: 'it is no gzip file, or a damaged one',
    },
    { what: 'other gzipped data', make: () => gzipSync('x'.repeat(2000)), says: 'it is no tar archive' },
    { what: 'an empty archive', make: () => gzipSync(writeTar([], 0)), says: 'there is no manifest.json in it' },
    { what: 'no ladder', make: () => changed('ladder.json', () => undefined), says: 'there is no ladder.json in it' },
    { what: 'no JSON', make: () => changed('facts.json', () => '{'), says: 'something that is no JSON' },
    { what: 'another shape', make: () => changed('facts.json', () => '[]'), says: 'facts.json is no object' },
    {
      what: 'another version',
      make: () => changed('manifest.json', (text) => text.replace('"schemaVersion": 1', '"schemaVersion": 9')),
      says: 'its schema has version 9, and this program reads 1',
    },
    {
      what: 'deep nesting',
      make: () => changed('ladder.json', () => '['.repeat(5000) + ']'.repeat(5000)),
      says: 'nested deeper than 64',
    },
    {
      what: 'an object that contains itself',
      make: () => changed('ladder.json', () => '{"rungs": {"meta": {"a": {"$same": ["rungs", "meta"]}}}}'),
      says: 'a reference in it leads nowhere',
    },
  ])('refuses $what', async ({ make, says }) => {
    await expect(unpackBundle(make())).rejects.toThrow(says)
    await expect(unpackBundle(make())).rejects.toBeInstanceOf(BundleError)
  })

  it('takes control characters out of texts: they would reach a terminal', async () => {
    const bundle = await unpackBundle(
      changed('facts.json', (text) => text.replace('"description":"', '"description":"\\u001b[2J\\u009b1m')),
    )
    expect(bundle.facts.source.description).toMatch(/^\uFFFD\[2J\uFFFD1m/)
  })

  it('either reads or refuses whatever octets are changed, cut off or added', async () => {
    const tar = gunzipSync(good)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { maxLength: 8 }),
        fc.nat(tar.length),
        fc.boolean(),
        async (changes, length, isCut) => {
          const octets = Uint8Array.from(isCut ? tar.subarray(0, length) : tar)
          for (const [at, octet] of changes) if (at < octets.length) octets[at] = octet
          const outcome = await unpackBundle(gzipSync(octets, { level: 1 })).catch((error: unknown) => error)
          expect(outcome instanceof BundleError || !(outcome instanceof Error)).toBe(true)
        },
      ),
      { numRuns: 40 },
    )
  })
})

// --- Clusters ---

function object(kind: string, namespace: string, name: string, rest: object): KubeJson {
  return { apiVersion: 'v1', kind, metadata: { namespace, name }, ...rest }
}

/** The small cluster with names that end in z, in every place where a name can stand. */
function tellingCluster(): Fixture & { readonly cluster: SmallCluster } {
  const cluster = smallCluster()
  const labels = { app: 'ledgerz', 'acmez.example/teamz': 'rocketeerz' }
  cluster.objects.push(
    object('Namespace', '', 'paymentz', {}),
    service('paymentz', 'ledgerz', {
      clusterIP: '10.96.44.7',
      ports: [{ name: 'apiz', port: 80, protocol: 'TCP' }],
      selector: labels,
    }),
    service('paymentz', 'bankz', { type: 'ExternalName', externalName: 'gatewayz.bankz.example' }),
    slice('paymentz', 'ledgerz', [{ ip: '10.244.2.77', node: 'node2' }]),
    pod('paymentz', 'ledgerz-7d9fbcxyz-k2zzq', {
      node: 'node2',
      ip: '10.244.2.77',
      labels,
      owner: { kind: 'ReplicaSet', name: 'ledgerz-7d9fbcxyz' },
      spec: {
        serviceAccountName: 'cashierz',
        hostAliases: [{ ip: '203.0.113.9', hostnames: ['legacyz.acmez.example'] }],
        containers: [{ name: 'jvmz', image: '998877665544.dkr.ecr.example/acmez/ledgerz:v3' }],
        dnsConfig: { searches: ['corpz.example'], nameservers: ['198.51.100.53'] },
      },
    }),
    object('Event', 'paymentz', 'ledgerz.1', {
      involvedObject: { kind: 'Pod', namespace: 'paymentz', name: 'ledgerz-7d9fbcxyz-k2zzq' },
      reason: 'FailedMount',
      message: 'MountVolume.SetUp failed for volume "vaultz": secret "vaultz-keyz" not found on 10.9.8.7',
      type: 'Warning',
    }),
  )
  const map = findObject(cluster, 'ConfigMap', 'coredns')
  const { Corefile } = map['data'] as { readonly Corefile: string }
  const own =
    'intraz.example:53 {\n  # ask bobz first\n  hosts {\n    203.0.113.4 printerz\n    fallthrough\n  }\n  forward . 198.51.100.7\n}\n'
  map['data'] = { Corefile: `${Corefile}${own}` }
  for (const key of Object.keys(cluster.files)) cluster.files[key] += '# made by carolz\nsearch rackz.example\n'
  const rules: readonly Rule[] = [silence('198.51.100.7')]
  return {
    cluster,
    name: 'ledgerz.paymentz',
    rules,
    origins: [...nodes(), fromPod('paymentz', 'ledgerz-7d9fbcxyz-k2zzq', 'node2')],
  }
}
