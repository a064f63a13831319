// The shared kubernetes cases as data: objects, a Corefile's options and a question in, sections out. No server, no socket.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createDispenser, parseCorefile, parseKeys, type ServerBlock } from '../../src/corefile/index.ts'
import { formatRData, type ResourceRecord } from '../../src/dns/index.ts'
import { readList } from '../../src/kube/objects/index.ts'
import { ClusterIndex, resolve, type SchemaAnswer, type SchemaEnv } from '../../src/kube/schema/index.ts'
import { parseKubernetes, type KubernetesOptions } from '../../src/plugins/kubernetes/setup.ts'
import { fallsThrough } from '../../src/server/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createTestEnv } from '../support/plugin-rig.ts'
import { SHARED_MISSING, sharedPath } from '../support/shared.ts'

interface Wanted {
  readonly name: string
  readonly type: string
  readonly ttl?: number
  readonly data?: string
}

interface Case {
  readonly id: string
  readonly corefile: string
  readonly query: { readonly name: string; readonly type: string; readonly from?: string }
  readonly expect: {
    readonly rcode?: string
    readonly answer?: readonly Wanted[]
    readonly authority?: readonly Wanted[]
    readonly additional?: readonly Wanted[]
    readonly answerCount?: number
    readonly tc?: boolean
    readonly exactCase?: boolean
  }
}

interface Sections {
  readonly rcode: string
  readonly answer: readonly ResourceRecord[]
  readonly authority: readonly ResourceRecord[]
  readonly additional: readonly ResourceRecord[]
}

/** Where the NS cases run: one non-loopback address, that of a CoreDNS pod. */
const ENV: SchemaEnv = { localAddresses: ['10.244.77.10'], serial: 1_700_000_000, synced: true }
const LOOPBACK_ENV: SchemaEnv = { ...ENV, localAddresses: [] }

const casesPath = sharedPath('conformance/cases-kubernetes.json')
const objectsPath = sharedPath('conformance/k8s-objects.json')

describe.skipIf(casesPath === undefined || objectsPath === undefined)(
  'kubernetes conformance, by the schema alone',
  () => {
    const cases = JSON.parse(casesPath === undefined ? '[]' : readFileSync(casesPath, 'utf8')) as readonly Case[]
    const objects = readList(objectsPath === undefined ? {} : JSON.parse(readFileSync(objectsPath, 'utf8'))).objects
    const decided = cases.filter((one) => reasonLeftOut(one) === undefined)
    const leftOut = cases.filter((one) => reasonLeftOut(one) !== undefined)

    it.for(decided)('$id', (one) => {
      const { options, hasBind } = readOptions(one)
      const index = new ClusterIndex({ labels: options.labels, namespaceLabels: options.namespaceLabels })
      for (const object of objects) index.apply(object)
      const sections = ask(index, { query: one.query, options, env: hasBind ? LOOPBACK_ENV : ENV })
      const { expect: wanted } = one
      expect(sections.rcode).toBe(wanted.rcode)
      for (const section of ['answer', 'authority', 'additional'] as const) {
        const records = wanted[section]
        if (records !== undefined) expect(describeAgainst(sections[section], records)).toEqual(describeAll(records))
      }
      if (wanted.answerCount !== undefined) expect(sections.answer).toHaveLength(wanted.answerCount)
      for (const record of sections.answer) expect(record).not.toHaveProperty('reason.text', '')
    })

    it('leaves out only cases that need another plugin or a message on the wire', () => {
      const reasons = new Map<string, string[]>()
      for (const one of leftOut) {
        const reason = reasonLeftOut(one) ?? ''
        reasons.set(reason, [...(reasons.get(reason) ?? []), one.id])
      }
      expect(Object.fromEntries(reasons)).toMatchInlineSnapshot(`
        {
          "is about the size of a datagram": [
            "k8s.default.hdlsheavy.udp512",
          ],
          "needs autopath": [
            "k8s.autopath.other-namespace",
          ],
          "needs forward: falls through": [
            "k8s.fallthrough.foo/A",
            "k8s.fallthrough.9.9.9.9.in-addr.arpa./PTR",
          ],
          "needs forward: the answer holds records from upstream": [
            "k8s.external.external-chain/A",
          ],
          "needs k8s_external": [
            "k8s.k8sext.svcext/A",
            "k8s.k8sext.svcext/AAAA",
            "k8s.k8sext.nosuch",
            "k8s.k8sext.noexternal",
            "k8s.k8sext.apexSOA",
            "k8s.k8sext.cluster",
          ],
        }
      `)
      expect(decided.length + leftOut.length).toBe(cases.length)
    })
  },
)

it.runIf(casesPath === undefined)(`kubernetes conformance is skipped: ${SHARED_MISSING}`, () => {
  expect(casesPath).toBeUndefined()
})

function reasonLeftOut(one: Case): string | undefined {
  if (one.corefile.includes('autopath')) return 'needs autopath'
  if (one.corefile.includes('k8s_external')) return 'needs k8s_external'
  if (one.expect.tc === true) return 'is about the size of a datagram'
  if (!one.corefile.includes('forward')) return undefined
  const answer = one.expect.answer ?? []
  const isInside = (name: string): boolean => /(\.cluster\.local|\.arpa)\.$/i.test(name)
  if (answer.some(({ name }) => !isInside(name))) return 'needs forward: the answer holds records from upstream'
  return one.corefile.includes('fallthrough') && one.expect.authority === undefined
    ? 'needs forward: falls through'
    : undefined
}

function readOptions(one: Case): { readonly options: KubernetesOptions; readonly hasBind: boolean } {
  const text = one.corefile
    .replaceAll('{{PORT}}', '5300')
    .replaceAll('{{BIND}}', 'bind 127.0.0.1')
    .replaceAll('{{API}}', 'http://127.0.0.1:1')
    .replaceAll(/\{\{UPSTREAM[^}]*\}\}/g, '127.0.0.1:2')
  const { blocks } = parseCorefile(text, { accepts: () => true })
  const block = blocks.find(({ directives }) => directives.some(({ name }) => name === 'kubernetes'))
  if (block === undefined) throw new TypeError(`${one.id} has no kubernetes directive`)
  return {
    options: parseDirective(block),
    hasBind: block.directives.some(({ name }) => name === 'bind'),
  }
}

function parseDirective(block: ServerBlock): KubernetesOptions {
  const zones = parseKeys(block, 53).map(({ zone }) => zone)
  const { env } = createTestEnv({ clock: createFakeClock(), zones })
  const directive = block.directives.find(({ name }) => name === 'kubernetes')
  if (directive === undefined) throw new TypeError('no kubernetes directive')
  return parseKubernetes(createDispenser(directive), env)
}

/** What the plugin would make of the schema's answer, with nothing behind it in the chain. */
function ask(
  index: ClusterIndex,
  about: { readonly query: Case['query']; readonly options: KubernetesOptions; readonly env: SchemaEnv },
): Sections {
  const { query, options, env } = about
  const none = { answer: [], authority: [], additional: [] }
  const answer: SchemaAnswer = resolve(index, query, options.schema, env)
  switch (answer.kind) {
    case 'records':
      return { rcode: 'NOERROR', answer: answer.answer, authority: [], additional: answer.additional }
    case 'nodata':
      return { ...none, rcode: 'NOERROR', authority: [answer.soa] }
    case 'nxdomain':
      return fallsThrough(options.fallthrough, query.name.toLowerCase())
        ? { ...none, rcode: 'SERVFAIL' }
        : { ...none, rcode: 'NXDOMAIN', authority: [answer.soa] }
    case 'delegate': {
      const seen = new Set([query.name.toLowerCase()])
      const chain: ResourceRecord[] = [...answer.answer]
      let target = answer.target
      while (!seen.has(target)) {
        seen.add(target)
        const next = resolve(index, { name: target, type: query.type }, options.schema, env)
        if (next.kind !== 'records' && next.kind !== 'delegate') break
        chain.push(...next.answer)
        if (next.kind === 'records') break
        target = next.target
      }
      return { ...none, rcode: 'NOERROR', answer: chain }
    }
    case 'refused':
      return { ...none, rcode: 'REFUSED' }
    case 'not-in-zone':
    case 'unsynced':
      return { ...none, rcode: 'SERVFAIL' }
  }
}

// --- Records as sorted lines; `*` in the wanted data stands for any word ---

function describeAll(records: readonly Wanted[]): string[] {
  return records.map(({ name, ttl, type, data }) => `${name} ${ttl ?? '*'} ${type} ${data ?? '*'}`).toSorted()
}

/** The records' lines; those that a wanted line with `*` matches are given as that line. */
function describeAgainst(records: readonly ResourceRecord[], wanted: readonly Wanted[]): string[] {
  const patterns = describeAll(wanted)
  return records
    .map((record) => {
      const line = `${record.name} ${record.ttl} ${record.type} ${formatRData(record.rdata).replaceAll(/^"|"$/g, '')}`
      return patterns.find((pattern) => isMatch(pattern, line)) ?? line
    })
    .toSorted()
}

function isMatch(pattern: string, line: string): boolean {
  const words = line.split(' ')
  const wanted = pattern.split(' ')
  return wanted.length === words.length && wanted.every((word, at) => word === '*' || word === words[at])
}
