import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { CAUSE_FIXTURES } from '../../../test/support/causes/index.ts'
import { diagnoseFixture } from '../../../test/support/dns-world.ts'
import { findObject, smallCluster } from '../../../test/support/small-cluster.ts'
import { judge } from '../index.ts'
import { LANGUAGES, buildReport, renderReport } from '../report/index.ts'
import type { Diagnosis } from '../verdict/index.ts'
import { BundleError, packBundle, unpackBundle } from './bundle.ts'
import type { BundleOptions } from './bundle.ts'
import { BUNDLE_ANNOTATIONS } from './reduce.ts'
import { readTar, writeTar } from './tar.ts'

/** Every text that a diagnosis comes to. */
function reportsOf(diagnosis: Diagnosis): string[] {
  return LANGUAGES.flatMap((language) => {
    const report = buildReport(diagnosis, language)
    return [renderReport(report, 'text'), renderReport(report, 'json')]
  })
}

async function judgePacked({ facts, ladder }: Diagnosis, options: BundleOptions): Promise<Diagnosis> {
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
    const again = await judgePacked(diagnosis, {
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
    })
    expect(reportsOf(again)).toEqual(reportsOf(diagnosis))
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
