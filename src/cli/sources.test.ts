import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { normalizeSourceArgs } from './sources.ts'

describe('normalizeSourceArgs()', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fathom-sources-'))
    vi.stubEnv('XDG_RUNTIME_DIR', folder)
    mkdirSync(join(folder, 'fathom-lab', 't1'), { recursive: true })
    // This process stands for the lab's, so that it counts as running.
    writeFileSync(join(folder, 'fathom-lab', 't1', 'state.json'), JSON.stringify({ name: 't1', pid: process.pid }))
  })
  afterAll(() => {
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each([
    { form: 'no lab', args: ['web', 'A'], gives: ['web', 'A'] },
    { form: 'bare, last', args: ['web', '--lab'], gives: ['web', '--lab='] },
    { form: 'bare, before the name', args: ['--lab', 'web', 'A'], gives: ['--lab=', 'web', 'A'] },
    { form: 'bare, before an option', args: ['web', '--lab', '-n', 'shop'], gives: ['web', '--lab=', '-n', 'shop'] },
    { form: 'space, last', args: ['web', '--lab', 't1'], gives: ['web', '--lab=t1'] },
    { form: 'space, first', args: ['--lab', 't1', 'web', 'A'], gives: ['--lab=t1', 'web', 'A'] },
    {
      form: 'space, between',
      args: ['web', '--from', 'a/b', '--lab', 't1', '-o', 'json'],
      gives: ['web', '--from', 'a/b', '--lab=t1', '-o', 'json'],
    },
    { form: '=, anywhere', args: ['--lab=t1', 'web'], gives: ['--lab=t1', 'web'] },
    { form: '= with a lab that does not run', args: ['web', '--lab=nope'], gives: ['web', '--lab=nope'] },
  ])('takes --lab in the form "$form"', ({ args, gives }) => {
    expect(normalizeSourceArgs(args)).toEqual(gives)
  })
})
