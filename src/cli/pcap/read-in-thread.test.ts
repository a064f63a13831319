// A capture read with the thread as it is built: the same report as without, and errors that are told.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { captureOf, frameOf } from '../../../test/support/captures.ts'
import { CaptureAnalysis, createReport } from '../../analysis/index.ts'
import { CaptureError, readCapture } from '../../capture/index.ts'
import { openFile } from './open-input.ts'
import { readInThread } from './read-in-thread.ts'

let folder: string
let program: URL

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fathom-scan-thread-'))
  const outfile = join(folder, 'scan-thread.mjs')
  await build({
    entryPoints: [join(import.meta.dirname, 'scan-thread.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
  })
  program = pathToFileURL(outfile)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, octets: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, octets)
  return path
}

describe('readInThread()', () => {
  it('gives the report that one thread gives, of more frames than all batches hold', async () => {
    const some = Array.from({ length: 600 }, (_, index) =>
      frameOf(
        {
          client: 1 + ((index >> 1) % 50),
          server: 9000,
          port: 40_000 + (index % 3),
          id: index >> 1,
          name: `www${(index >> 1) % 90}.example.org`,
          type: 1,
          isResponse: index % 2 === 1,
          rcode: index % 11 === 1 ? 3 : 0,
          isV6: false,
        },
        1,
      ),
    )
    const frames = Array.from({ length: 100 }, () => some).flat()
    const path = write('large.pcap', captureOf(frames, 1).subarray(0, -5))
    const [threaded, alone] = [new CaptureAnalysis(), new CaptureAnalysis()]
    const file = await readInThread(program, path, threaded)
    threaded.finish()
    const fileAlone = await readCapture(openFile(path), (frame) => alone.frame(frame))
    alone.finish()
    expect(file.cutShort).toContain('the last record')
    expect(createReport(threaded, file)).toEqual(createReport(alone, fileAlone))
    expect(threaded.frames).toBe(59_999)
  })

  it('tells what the file is not', async () => {
    const path = write('none.pcap', Buffer.from('this is no capture'))
    const failed = readInThread(program, path, new CaptureAnalysis())
    await expect(failed).rejects.toBeInstanceOf(CaptureError)
    await expect(failed).rejects.toMatchObject({ code: 'not-a-capture' })
  })

  it('tells that a file cannot be read', async () => {
    const failed = readInThread(program, join(folder, 'absent.pcap'), new CaptureAnalysis())
    await expect(failed).rejects.toMatchObject({ code: 'cannot-read' })
  })
})
