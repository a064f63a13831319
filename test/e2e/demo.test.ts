// `npm run demo` as far as its script: the lab comes up, the doctor finds the story's fault, all is stopped.
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bundleProgram } from '../support/program.ts'

let runtime = ''
let program = ''

beforeAll(async () => {
  runtime = mkdtempSync(join(tmpdir(), 'fathom-demo-'))
  program = await bundleProgram(runtime)
})
afterAll(() => {
  rmSync(runtime, { recursive: true, force: true })
})

it('demo.mjs shows verdict, proof, fix and ladder, exits with 0 and leaves nothing running', async () => {
  const script = resolve(import.meta.dirname, '../../scripts/demo.mjs')
  const env = { ...process.env, XDG_RUNTIME_DIR: runtime, FATHOM_PROGRAM: program }
  const { status, stdout } = await new Promise<{ status: number; stdout: string }>((done) => {
    execFile(process.execPath, [script], { env }, (error, output) => {
      done({ status: error === null ? 0 : Number(error.code), stdout: output })
    })
  })
  expect(stdout).toContain('upstream-dead: Upstream 1.2.4.8 never answers')
  for (const part of ['Proof', 'Fix', 'Ladder', 'The demo did what it should']) expect(stdout).toContain(part)
  expect(status).toBe(0)
  const labs = join(runtime, 'fathom-lab')
  expect(existsSync(labs) ? readdirSync(labs) : []).toEqual([])
})
