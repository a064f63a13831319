import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { TablesThread } from './tables-thread.ts'

it('TablesThread.start() does not end a thread before it has loaded: an addon would abort the process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fathom-thread-'))
  const loaded = join(folder, 'loaded')
  try {
    const program = `
      import { writeFileSync } from 'node:fs'
      import { parentPort } from 'node:worker_threads'
      setTimeout(() => {
        writeFileSync(${JSON.stringify(loaded)}, '')
        parentPort.postMessage({ kind: 'ready' })
      }, 300)`
    const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(program)}`)
    const thread = await TablesThread.start(workerUrl, 1)
    expect(thread).toEqual({ kind: 'skipped', why: 'the thread that reads kernel tables did not start' })
    await TablesThread.closeStragglers()
    expect(existsSync(loaded)).toBe(true)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
