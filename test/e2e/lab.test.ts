// `fathom lab` as a user runs it: the built program, in processes of its own.
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isAlive } from '../../src/lab/index.ts'
import { bundleProgram } from '../support/program.ts'

const NAME = 'e2e'
let runtime = ''
let program = ''

beforeAll(async () => {
  runtime = mkdtempSync(join(tmpdir(), 'fathom-e2e-'))
  program = await bundleProgram(runtime)
})
afterAll(async () => {
  await fathom('lab', 'down', '--name', NAME)
  rmSync(runtime, { recursive: true, force: true })
})

interface Finished {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

function fathom(...args: readonly string[]): Promise<Finished> {
  return fathomIn(runtime, ...args)
}

function fathomIn(folder: string, ...args: readonly string[]): Promise<Finished> {
  return new Promise((resolve) => {
    const env = { ...process.env, XDG_RUNTIME_DIR: folder }
    execFile(process.execPath, [program, ...args], { env }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

interface Status {
  readonly labs: readonly {
    readonly name: string
    readonly pid: number
    readonly kubeconfig: string
    readonly faults: readonly string[]
    readonly addresses: readonly { readonly address: string }[]
  }[]
}

async function status(): Promise<Status> {
  return JSON.parse((await fathom('lab', 'status', '-o', 'json')).stdout) as Status
}

describe('fathom lab', () => {
  it('shows its commands when it is given none', async () => {
    const { status: code, stderr } = await fathom('lab')
    expect(code).toBe(2)
    expect(stderr).toMatch(/^Usage: fathom lab /)
    expect((await fathom('lab', '--help')).stdout).toBe(stderr)
  })

  it('says that nothing runs', async () => {
    expect(await fathom('lab', 'status')).toMatchObject({
      status: 0,
      stdout: 'no lab runs; "fathom lab up" starts one\n',
    })
    expect(await fathom('lab', 'down')).toMatchObject({
      status: 2,
      stderr: 'fathom: No lab runs; "fathom lab up" starts one\n',
    })
  })

  it('comes up in the background, writes down how to reach it for this user alone, and takes commands', async () => {
    const up = await fathom('lab', 'up', '--name', NAME)
    expect(up).toMatchObject({ status: 0, stderr: '' })
    expect(up.stdout).toContain('export KUBECONFIG=')
    const [lab] = (await status()).labs
    expect(lab).toMatchObject({ name: NAME, faults: ['upstream-dead'] })
    expect(lab?.addresses.map(({ address }) => address)).toContain('10.233.0.3:53')
    expect(statSync(lab?.kubeconfig ?? '').mode & 0o777).toBe(0o600)
    expect(readFileSync(lab?.kubeconfig ?? '', 'utf8')).toContain('https://127.0.0.1:')
  })

  it('refuses to start a second lab of the same name', async () => {
    const again = await fathom('lab', 'up', '--name', NAME)
    expect(again.status).toBe(2)
    expect(again.stderr).toContain(`Cannot start lab "${NAME}": it runs already`)
  })

  it('lists, injects and heals faults', async () => {
    expect((await fathom('lab', 'faults')).stdout).toContain('service-ip-unreachable')
    const injected = await fathom('lab', 'inject', 'dns-service-selector-mismatch')
    const lines = injected.stdout.split('\n')
    expect(lines.slice(-4)).toEqual([
      `  find it   fathom doctor --lab=${NAME}`,
      `  undo it   fathom lab heal dns-service-selector-mismatch --name ${NAME}`,
      'in the lab now: upstream-dead, dns-service-selector-mismatch',
      '',
    ])
    expect(lines[1]).toMatch(/^ {2}see it {4}\S/)
    expect((await fathom('lab', 'heal', 'dns-service-selector-mismatch')).stdout).toBe(
      'healed: dns-service-selector-mismatch\n',
    )
    expect((await fathom('lab', 'heal')).stdout).toBe('healed: upstream-dead\n')
    expect((await fathom('lab', 'heal')).stdout).toBe('nothing to heal\n')
    const unknown = await fathom('lab', 'inject', 'gremlins')
    expect(unknown).toMatchObject({ status: 2 })
    expect(unknown.stderr).toMatch(
      /^fathom: Cannot inject "gremlins": there is no such fault; "fathom lab faults" lists them all\n$/,
    )
    expect((await fathom('lab', 'inject', 'upstream-ded')).stderr).toBe(
      'fathom: Cannot inject "upstream-ded": there is no such fault; did you mean "upstream-dead"? "fathom lab faults" lists them all\n',
    )
  })

  it('lists the ports of the lab that is named, and says how to see them otherwise', async () => {
    const plain = (await fathom('lab', 'status')).stdout
    expect(plain).toMatch(
      /^lab "e2e" .*\nfaults injected: none\nexport KUBECONFIG=.*\n\d+ addresses: .*--name e2e".*\n$/,
    )
    const named = (await fathom('lab', 'status', '--name', NAME)).stdout
    expect(named).toMatch(/^ {2}10\.233\.0\.3:53 +127\.0\.0\.1:\d+ +service kube-system\/coredns$/m)
    expect(named).toMatch(/^ {2}127\.0\.0\.1:5353 +127\.0\.0\.1:\d+ +upstream 100\.64\.11\.3$/m)
  })

  it('exec says that pods on loopback are no places, and which lab has some', async () => {
    const { status: code, stderr } = await fathom('lab', 'exec', 'default/console', '--', 'dig', '-x', '10.233.0.1')
    expect(code).toBe(2)
    expect(stderr).toMatch(/^fathom: .* no places of their own; "fathom lab up --grade netns" \(root\) .*\n$/)
  })

  it('goes down and leaves nothing behind', async () => {
    const [lab] = (await status()).labs
    expect((await fathom('lab', 'down', '--name', NAME)).stdout).toBe(`lab "${NAME}" is down\n`)
    expect(isAlive(lab?.pid ?? 0)).toBe(false)
    expect(existsSync(join(runtime, 'fathom-lab', NAME))).toBe(false)
  })

  it('clears away the folder of a lab that was killed on its way up', async () => {
    const folder = join(runtime, 'fathom-lab', 'halfway')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'started-by'), `${process.pid}\n`)
    // Whoever brings it up is still at work.
    expect(await fathom('lab', 'down', '--name', 'halfway')).toMatchObject({ status: 2 })
    writeFileSync(join(folder, 'started-by'), '')
    const cleared = 'lab "halfway" had been killed before it was up; what it left is removed\n'
    expect(await fathom('lab', 'down', '--name', 'halfway')).toMatchObject({ status: 0, stdout: cleared })
    expect(existsSync(folder)).toBe(false)
  })

  it('clears away a lab whose process was killed', async () => {
    await fathom('lab', 'up', '--name', NAME, '--healthy')
    const [lab] = (await status()).labs
    expect(lab?.faults).toEqual([])
    process.kill(lab?.pid ?? 0, 'SIGKILL')
    await expect.poll(() => isAlive(lab?.pid ?? 0), { timeout: 10_000 }).toBe(false)
    expect((await status()).labs).toEqual([])
    expect((await fathom('lab', 'up', '--name', NAME)).status).toBe(0)
    expect((await fathom('lab', 'down', '--name', NAME)).status).toBe(0)
  })

  it('tells how to go on when the process that is written down is not the lab', async () => {
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    const folder = join(runtime, 'fathom-lab', 'gone')
    const write = (): void => {
      mkdirSync(folder, { recursive: true })
      const state = { name: 'gone', pid: stranger.pid, socket: join(folder, 'control.sock') }
      writeFileSync(join(folder, 'state.json'), JSON.stringify(state))
    }
    const said =
      'fathom: Lab "gone" was killed: what it left is cleared away; "fathom lab up --name gone" starts it anew\n'
    try {
      for (const args of [
        ['lab', 'status', '--name', 'gone'],
        ['lab', 'inject', 'upstream-dead', '--name', 'gone'],
        ['doctor', '--lab=gone'],
      ]) {
        write()
        expect(await fathom(...args)).toMatchObject({ status: 2, stderr: said })
        expect(existsSync(folder)).toBe(false)
      }
      write()
      expect(await fathom('lab', 'up', '--name', 'gone', '--healthy')).toMatchObject({ status: 0, stderr: '' })
      expect((await fathom('lab', 'down', '--name', 'gone')).status).toBe(0)
    } finally {
      stranger.kill()
    }
  })

  it('leaves nothing behind when it is interrupted while it starts', async () => {
    const env = { ...process.env, XDG_RUNTIME_DIR: runtime }
    const starting = spawn(process.execPath, [program, 'lab', 'up', '--name', 'cut'], { env, stdio: 'ignore' })
    const folder = join(runtime, 'fathom-lab', 'cut')
    await expect.poll(() => existsSync(join(folder, 'lab.log')), { timeout: 10_000, interval: 5 }).toBe(true)
    const ended = new Promise((resolve) => {
      starting.once('close', resolve)
    })
    starting.kill('SIGINT')
    expect(await ended).toBe(2)
    expect(existsSync(folder)).toBe(false)
    expect((await status()).labs).toEqual([])
  })

  it('says that it cannot write where it may not', async () => {
    const file = join(runtime, 'file')
    writeFileSync(file, '')
    const { status: code, stderr } = await fathomIn(file, 'lab', 'up')
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /^fathom: Cannot write down the lab: .*; set XDG_RUNTIME_DIR to a folder of yours with a short path\n$/,
    )
  })

  it.each([
    {
      title: 'an unknown flag',
      args: ['up', '--speed', '9'],
      why: `fathom: Unknown option '--speed'; see "fathom lab up --help"\n`,
    },
    { title: 'an unknown subcommand', args: ['sideways'], why: 'Unknown command "lab sideways": there are up, down,' },
    { title: 'an unknown subcommand that wants help', args: ['sideways', '--help'], why: 'Unknown command' },
    { title: 'a mistyped subcommand', args: ['stauts'], why: 'did you mean "status"?' },
    { title: 'a word too many', args: ['inject', 'a', 'b'], why: 'fathom: Unexpected argument "b"; see' },
    { title: 'a word too few', args: ['inject'], why: `fathom: Missing required argument 'FAULT'; see` },
    { title: 'a name that is none', args: ['up', '--name', '../x'], why: 'Cannot use lab name "../x"' },
    {
      title: 'a cluster that is not there',
      args: ['up', '--name', 'x', '--cluster', '/nothing/here'],
      why: 'there is no such folder',
    },
    { title: 'a lab that does not run', args: ['status', '--name', 'other'], why: 'No lab "other" runs' },
    { title: 'a format that is none', args: ['status', '-o', 'xml'], why: '-o takes text or json' },
    { title: 'exec without a lab', args: ['exec', 'console', '--', 'ls'], why: 'No lab runs' },
    { title: 'a grade that is none', args: ['up', '--grade', 'vm'], why: 'there are loopback and netns' },
    { title: 'a CNI on loopback', args: ['up', '--cni', 'calico'], why: '--cni is for --grade netns alone' },
    { title: 'a CNI that is none', args: ['up', '--grade', 'netns', '--cni', 'x'], why: 'takes calico or flannel' },
    {
      title: 'a CoreDNS that is none',
      args: ['up', '--grade', 'netns', '--coredns', '/etc/passwd'],
      why: 'it is no program that can be run',
    },
  ])('answers $title with one line and status 2', async ({ args, why }) => {
    const { status: code, stderr, stdout } = await fathom('lab', ...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(stderr).toContain(why)
  })

  it('says which file of a cluster is wrong', async () => {
    const folder = join(runtime, 'broken')
    mkdirSync(folder)
    writeFileSync(join(folder, 'lab.yaml'), 'apiVersion: lab.fathom/v1\nkind: Lab\nmetadata:\n  name: x\n')
    writeFileSync(join(folder, 'pods.yaml'), 'apiVersion: v1\nkind: Pod\nmetadata: {}\n')
    const { status: code, stderr } = await fathom('lab', 'up', '--name', 'x', '--cluster', folder)
    expect(code).toBe(2)
    expect(stderr).toContain('pods.yaml": a Pod has no name')
    expect(existsSync(join(runtime, 'fathom-lab', 'x'))).toBe(false)
  })

  it('runs several labs side by side and asks which one is meant', async () => {
    await Promise.all([
      fathom('lab', 'up', '--name', 'one', '--healthy'),
      fathom('lab', 'up', '--name', 'two', '--healthy'),
    ])
    expect((await status()).labs.map((lab) => lab.name)).toEqual(['one', 'two'])
    expect((await fathom('lab', 'heal')).stderr).toBe('fathom: Which lab? Several run (one, two); say --name NAME\n')
    await Promise.all(['one', 'two'].map((name) => fathom('lab', 'down', '--name', name)))
    expect((await status()).labs).toEqual([])
  })
})
