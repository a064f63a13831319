import { spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isLibc, libc } from './libc.ts'
import { openPseudoTerminal } from './pseudo-terminal.ts'

const found = libc()
const title = isLibc(found) ? 'openPseudoTerminal()' : `openPseudoTerminal() (skipped: ${found.why})`

describe.skipIf(!isLibc(found))(title, () => {
  it('lets a program believe in a terminal of the size it is told', async () => {
    if (!isLibc(found)) return
    const terminal = openPseudoTerminal(found)
    terminal.resize(111, 33)
    const { slaveFd, stream } = terminal
    const child = spawn('sh', ['-c', 'test -t 0 && stty size'], { stdio: [slaveFd, slaveFd, slaveFd] })
    closeSync(slaveFd)
    const parts: Buffer[] = []
    // Linux ends the reading of a terminal that nobody has open any more with EIO.
    stream.on('error', () => stream.destroy())
    stream.on('data', (part: Buffer) => parts.push(part))
    await new Promise((done) => stream.once('close', done))
    expect(Buffer.concat(parts).toString()).toBe('33 111\r\n')
    expect(child.exitCode ?? 0).toBe(0)
    expect(() => terminal.resize(1, 1)).not.toThrow()
  })
})
