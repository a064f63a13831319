// Every pattern is found in a kept capture that has it, and not in its near-miss. test/netns/patterns takes them anew.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { framesOf } from '../../../test/support/captures.ts'
import { messagesOf, reportOf } from '../../../test/support/read-patterns.ts'
import { PATTERN_CODES } from './codes.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const CAPTURES = join(ROOT, 'testdata/patterns')
const PAGES = join(ROOT, 'docs/patterns')
const HEADINGS = ['On the wire', 'Threshold', 'What it points to', 'What it is confused with']

describe('patterns', () => {
  it('have two captures each, and none is left over', () => {
    const wanted = PATTERN_CODES.flatMap((code) => [`${code}.near-miss.pcap`, `${code}.pcap`])
    expect(readdirSync(CAPTURES).toSorted()).toEqual(wanted.toSorted())
  })

  it('have a page each, and no page is left over', () => {
    const pages = readdirSync(PAGES).filter((name) => name !== 'README.md')
    expect(pages.toSorted()).toEqual(PATTERN_CODES.map((code) => `${code}.md`).toSorted())
  })

  it.each(PATTERN_CODES)('%s: its page has every section and the threshold that README.md lists', (code) => {
    const text = readFileSync(join(PAGES, `${code}.md`), 'utf8')
    expect(text.startsWith(`# ${code}\n`)).toBe(true)
    expect([...text.matchAll(/^## (.+)$/gm)].map((match) => match[1])).toEqual(HEADINGS)
    const index = readFileSync(join(PAGES, 'README.md'), 'utf8')
    const row = index.split('\n').find((line) => line.startsWith(`| [\`${code}\`](${code}.md) |`))
    expect(row?.split(' | ')[2]?.replace(/ \|$/, '')).toBe(/## Threshold\n\n(.+?)\.\n/s.exec(text)?.[1])
    const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1] ?? '')
    expect(links.filter((link) => !existsSync(join(PAGES, link)))).toEqual([])
  })
})

describe.each(PATTERN_CODES)('%s', (code) => {
  it('is found in its capture, with frames that are in it', async () => {
    const { patterns, file } = await reportOf(join(CAPTURES, `${code}.pcap`))
    const found = patterns.find((pattern) => pattern.code === code)
    expect(found?.count).toBeGreaterThan(0)
    const frames = (found?.evidence ?? []).flatMap((line) => line.frames)
    expect(frames.filter((frame) => frame < 1 || frame > file.frames)).toEqual([])
  })

  it('is not found in its near-miss', async () => {
    const { patterns } = await reportOf(join(CAPTURES, `${code}.near-miss.pcap`))
    expect(patterns.map((pattern) => pattern.code)).not.toContain(code)
  })
})

describe('patterns', () => {
  const firstOf = async (name: string): Promise<unknown> => {
    const { patterns } = await reportOf(join(CAPTURES, `${name}.pcap`))
    return [patterns[0]?.code, patterns[0]?.evidence[0]]
  }

  it('tell a loop before what follows from it, and the proof before what led to it', async () => {
    expect(await firstOf('forwarding-loop')).toEqual(['forwarding-loop', expect.anything()])
    const frames = [3, 4]
    const text = '1 connection: SYN without SYN-ACK, while UDP is answered'
    expect(await firstOf('tcp-53-blocked')).toEqual(['tcp-53-blocked', { text, frames }])
  })

  it('prove a late response by both askings', async () => {
    expect(await firstOf('response-late')).toEqual(['response-late', expect.objectContaining({ frames: [1, 2, 3] })])
  })

  it('prove a tunnel without answers by its first packets and the last', async () => {
    const frames = [1, 2, 3]
    expect(await firstOf('tunnel-blocked')).toEqual(['tunnel-blocked', expect.objectContaining({ frames })])
  })

  it('take an ICMP error rewritten by NAT for the one of the endpoint', async () => {
    const { patterns, icmp, dns } = await reportOf(join(CAPTURES, 'service-rejected.near-miss.pcap'))
    const faults = patterns.filter(({ kind }) => kind === 'fault').map(({ code, subject }) => `${code} ${subject}`)
    expect(faults).toEqual(['server-not-listening 10.99.2.2', 'server-not-listening 10.99.3.2'])
    expect(icmp.map(({ count }) => count)).toEqual([1, 1])
    expect([dns.unanswered, dns.unknown]).toEqual([2, 0])
  })

  it('do not name a race for a flow that was answered', async () => {
    const { patterns } = await reportOf(join(CAPTURES, 'aaaa-query-unanswered.near-miss.pcap'))
    expect(patterns.filter(({ kind }) => kind === 'fault')).toEqual([])
  })
})

const hasTshark = spawnSync('tshark', ['-v'], { stdio: 'ignore' }).error === undefined

/** Where tshark is right: no tunnel on 8472, no message cut by the snap length, none that cannot be read. */
const COMPARED = [
  'aaaa-query-unanswered',
  'duplicate-frames',
  'firewall-rejected',
  'fragments-lost.near-miss',
  'name-does-not-exist',
  'search-list-amplification',
  'servfail-responses',
  'tcp-retransmissions.near-miss',
  'truncation-fallback',
] as const

describe.skipIf(!hasTshark)(
  `messages of captures${hasTshark ? '' : ' (the program "tshark" is not installed)'}`,
  () => {
    it.each(COMPARED)("%s: the same as tshark's fields", async (name) => {
      const file = join(CAPTURES, `${name}.pcap`)
      const fields = ['frame.number', 'dns.id', 'dns.flags.response', 'dns.qry.name', 'dns.qry.type', 'dns.flags.rcode']
      // Errors of ICMP carry the message that they are about.
      const args = ['-r', file, '-Y', 'dns && !icmp', '-T', 'fields', ...fields.flatMap((field) => ['-e', field])]
      const theirs = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      expect((await messagesOf(file)).map((line) => line.join('\t'))).toEqual(
        theirs.split('\n').filter((line) => line !== ''),
      )
    })
  },
)

describe('conntrack-race', () => {
  it('is an observation where it was seen once: any lost packet looks the same', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fathom-race-'))
    try {
      const octets = readFileSync(join(CAPTURES, 'conntrack-race.pcap'))
      const file = join(folder, 'once.pcap')
      writeFileSync(file, framesOf(octets, [1, 2, 3, 10, 11]))
      const { patterns } = await reportOf(file)
      expect(patterns).toMatchObject([{ code: 'conntrack-race', kind: 'observation', count: 1 }])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
