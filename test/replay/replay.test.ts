import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseReplay } from './parse-replay.ts'
import { ReplayError, runReplay } from './run-replay.ts'

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.rpl'))

describe('replay', () => {
  it('finds its files', () => {
    expect(files.length).toBeGreaterThan(15)
  })

  it.each(files)('%s', async (file) => {
    const steps = parseReplay(readFileSync(join(import.meta.dirname, file), 'utf8'))
    expect(steps.some(({ kind }) => kind === 'response' || kind === 'asked')).toBe(true)
    await expect(runReplay(steps)).resolves.toBeUndefined()
  })

  it('notices a response that is not as expected', async () => {
    const steps = parseReplay('COREFILE\n. {\n  whoami\n}\nEND\nQUERY example.org. A\nRESPONSE NXDOMAIN aa\n')
    await expect(runReplay(steps)).rejects.toThrow(ReplayError)
  })

  it('names the line of a step that it cannot read', () => {
    expect(() => parseReplay('; a comment\n\nANSWERS x\n')).toThrow('line 3: no step ANSWERS')
  })
})
