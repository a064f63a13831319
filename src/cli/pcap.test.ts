import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { afterAll, describe, expect, it } from 'vitest'
import { QUERY, captureOf, frameOf, framesOf } from '../../test/support/captures.ts'
import { describeError } from '../base/index.ts'
import { pcapCommand } from './pcap.ts'

const PATTERNS = resolve(import.meta.dirname, '../../testdata/patterns')
const FAULTY = join(PATTERNS, 'servfail-responses.pcap')
const folder = mkdtempSync(join(tmpdir(), 'fathom-pcap-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Ran {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

async function pcap(...args: string[]): Promise<Ran> {
  const texts = { stdout: '', stderr: '' }
  const into = (name: 'stderr' | 'stdout'): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        texts[name] += chunk.toString()
        done()
      },
    })
  const io = { stdout: into('stdout'), stderr: into('stderr'), stdin: Readable.from([]) as NodeJS.ReadableStream }
  const exit = await pcapCommand.run(args, { ...io, env: {}, color: false })
  return { exit, ...texts }
}

function fileOf(name: string, octets: string | Uint8Array): string {
  const file = join(folder, name)
  writeFileSync(file, octets)
  return file
}

describe('pcapCommand', () => {
  it('names the file that is no capture', async () => {
    const empty = fileOf('empty.pcap', '')
    await expect(pcap(empty)).rejects.toThrow(`Cannot read ${empty}: it is empty`)
    const text = fileOf('passwd', 'root:x:0:0')
    await expect(pcap(text, '--packets')).rejects.toThrow(`Cannot read ${text}: it begins with 0x726f6f74`)
    await expect(pcap('-')).rejects.toThrow('Cannot read standard input: it is empty')
  })

  it('says in words why a file cannot be read', async () => {
    const absent = join(folder, 'absent.pcap')
    const told = async (file: string): Promise<string> =>
      describeError(await pcap(file).catch((error: unknown) => error))
    expect(await told(absent)).toBe(`Cannot read ${absent}: no such file or folder`)
    expect(await told(folder)).toBe(`Cannot read ${folder}: it is a folder`)
  })

  it('says how many transactions a filter left', async () => {
    const all = await pcap(FAULTY, '--transactions')
    const count = all.stdout.trimEnd().split('\n').length - 1
    expect([all.exit, all.stderr]).toEqual([0, ''])
    const none = await pcap(FAULTY, '--transactions', '--name', 'not-in-it')
    expect([none.stdout.split('\n').length, none.stderr]).toEqual([2, `fathom: 0 of ${count} transactions shown\n`])
  })

  it('refuses an rcode that there is none of, and takes one in any case', async () => {
    await expect(pcap(FAULTY, '--transactions', '--rcode', 'FOO')).rejects.toThrow(
      'Cannot use --rcode FOO: give an rcode',
    )
    const { stdout } = await pcap(FAULTY, '--transactions', '--rcode', 'servfail')
    expect(stdout).toContain('SERVFAIL')
  })

  it('shows TCP segments that were sent again where a transaction has them', async () => {
    const steps = async (file: string): Promise<string[]> =>
      (await pcap(file, '--flow', '1')).stdout.split('\n').filter((line) => line.includes('sent again'))
    const query = await steps(join(PATTERNS, 'tcp-retransmissions.pcap'))
    expect(query).toEqual([expect.stringContaining('tcp segment of the query, 44 octets; frame 5, if 0 (sent again)')])
    const hole = join(PATTERNS, 'mtu-black-hole.pcap')
    expect((await steps(hole)).map((line) => /frame \d+/.exec(line)?.[0])).toEqual(
      [10, 11, 12, 13].map((n) => `frame ${n}`),
    )
    // Its response without the segments behind the first: nothing that could become whole.
    const [unfinished] = await steps(fileOf('cut.pcap', framesOf(readFileSync(hole), [1, 2, 3, 4, 5, 6, 10])))
    expect(unfinished).toContain('1448 octets; frame 7, if 0 (sent again; the response never became whole)')
    // Without the first segment what it filled at last was sent again.
    const filled = framesOf(readFileSync(hole), [1, 2, 3, 4, 5, 7, 8, 11])
    expect(await steps(fileOf('filled.pcap', filled))).toEqual([
      expect.stringContaining('3220 octets; frame 8, if 0 (whole only with this segment, sent again)'),
    ])
  })

  it('says why an option has taken the file', async () => {
    await expect(pcap('--manifests', folder, FAULTY)).rejects.toThrow(
      'Missing the capture file: --manifests takes every word behind it; put the file before it, or "--" between them',
    )
    await expect(pcap('--transactions')).rejects.toThrow("Missing required argument 'file'")
  })

  it('says where nothing was DNS that other ports need --port', async () => {
    const query = frameOf(QUERY, 101)
    // The server's port of a query on raw IPv4 without options.
    query[22] = 1053 >> 8
    query[23] = 1053 & 255
    const file = fileOf('port.pcap', captureOf([query], 101))
    const without = await pcap(file)
    expect([without.exit, without.stdout.split('\n')[0]]).toEqual([
      3,
      'No DNS queries in 1 frames; DNS on other ports than 53 needs --port',
    ])
    expect((await pcap(file, '--port', '1053')).stdout).toContain('1 queries')
  })
})
