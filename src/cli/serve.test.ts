import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { parseServeFlags, serveCommand } from './serve.ts'

const DEFAULTS = { action: 'serve', conf: undefined, port: 53, pidfile: undefined, quiet: false }

describe('parseServeFlags()', () => {
  it.each([
    { args: [], flags: {} },
    { args: ['-conf', 'C'], flags: { conf: 'C' } },
    { args: ['--conf=C'], flags: { conf: 'C' } },
    { args: ['-dns.port', '1053'], flags: { port: 1053 } },
    { args: ['-dns.port=1053'], flags: { port: 1053 } },
    { args: ['-p', '0'], flags: { port: 0 } },
    { args: ['-quiet', '-pidfile', '/run/x.pid'], flags: { quiet: true, pidfile: '/run/x.pid' } },
    { args: ['-quiet=false'], flags: { quiet: false } },
    { args: ['-workers', '2'], flags: { workers: 2 } },
    { args: ['--workers=64'], flags: { workers: 64 } },
    { args: ['-version'], flags: { action: 'version' } },
    { args: ['-plugins'], flags: { action: 'plugins' } },
    { args: ['--check', 'C'], flags: { action: 'check', conf: 'C' } },
    { args: ['-dump=C', '-p', '5'], flags: { action: 'dump', conf: 'C', port: 5 } },
  ])('reads $args', ({ args, flags }) => {
    expect(parseServeFlags(args)).toMatchObject({ ...DEFAULTS, ...flags })
  })

  it.each([
    { args: ['extra'], message: 'Extra command line arguments: "extra"' },
    { args: ['-conf'], message: 'Flag needs an argument: -conf' },
    { args: ['-nosuch'], message: 'Flag provided but not defined: -nosuch' },
    { args: ['-p', 'x'], message: 'Invalid value "x" for flag -p' },
    { args: ['-p', '65536'], message: 'expected a port, 0 to 65535' },
    { args: ['-workers', '0'], message: 'Invalid value "0" for flag -workers: expected a number of threads, 1 to 64' },
    { args: ['-workers=many'], message: 'Invalid value "many" for flag -workers' },
    { args: ['-quiet=perhaps'], message: 'Invalid boolean value "perhaps" for -quiet' },
  ])('refuses $args', ({ args, message }) => {
    expect(() => parseServeFlags(args)).toThrow(message)
  })
})

describe('fathom serve', () => {
  it('names the -pidfile that it cannot write, and why, with one line', async () => {
    const stderr = new PassThrough()
    const path = join(import.meta.dirname, 'no-such-folder', 'pid')
    const io = { stdout: new PassThrough(), stderr, stdin: new PassThrough(), env: {}, color: false }
    expect(await serveCommand.run(['-pidfile', path], io)).toBe(1)
    expect(String(stderr.read())).toBe(`Cannot write -pidfile ${path}: its folder does not exist\n`)
  })
})
