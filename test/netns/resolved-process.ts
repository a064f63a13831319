// A real systemd-resolved for a test: it runs in the test's own mount namespace, with its own /run and users, without D-Bus and without
// touching the machine's. Its configuration is a drop-in, its links are state files as systemd-networkd writes them.
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'

/** What a systemd-resolved is started with. */
export interface ResolvedSetup {
  /** The program's path; libraries of its package are looked for where the package has them. */
  readonly program: string
  /** Lines of the section [Resolve]. */
  readonly settings: readonly string[]
  /** Lines of systemd-networkd's state files, by interface: `DNS=127.0.0.12`, `ROUTE_DOMAINS=corp.test`. */
  readonly links?: Readonly<Record<string, readonly string[]>>
}

const USER_ID = 990
const STATE = '/run/systemd'
const STUB_FILE = `${STATE}/resolve/stub-resolv.conf`
let isPrepared = false
let running: ChildProcess | undefined

/** Starts a fresh one, ends the one before it, and gives the resolv.conf that it writes for programs. */
export async function startResolved({ program, settings, links = {} }: ResolvedSetup): Promise<string> {
  if (!isPrepared) prepare()
  isPrepared = true
  await stopResolved()
  rmSync(`${STATE}/netif`, { recursive: true, force: true })
  rmSync(`${STATE}/resolve`, { recursive: true, force: true })
  for (const folder of ['netif/links', 'resolve', 'resolved.conf.d'])
    mkdirSync(`${STATE}/${folder}`, { recursive: true })
  chownSync(`${STATE}/resolve`, USER_ID, USER_ID)
  writeFileSync(`${STATE}/resolved.conf.d/test.conf`, `[Resolve]\n${settings.map((line) => `${line}\n`).join('')}`)
  for (const [name, lines] of Object.entries(links)) {
    const index = readFileSync(`/sys/class/net/${name}/ifindex`, 'utf8').trim()
    const state = ['ADMIN_STATE=configured', 'OPER_STATE=routable', 'LLMNR=no', 'MDNS=no', 'DNSSEC=no', ...lines]
    writeFileSync(`${STATE}/netif/links/${index}`, state.map((line) => `${line}\n`).join(''))
  }
  const env = { ...process.env, LD_LIBRARY_PATH: librariesOf(program).join(':') }
  running = spawn(program, { env, stdio: 'ignore' })
  await isListening(running)
  return readFileSync(STUB_FILE, 'utf8')
}

/** An unpacked package has its libraries beside the program; an installed one finds them by itself. */
function librariesOf(program: string): string[] {
  const folder = join(dirname(program), '../../usr/lib')
  return existsSync(folder) ? readdirSync(folder).map((architecture) => join(folder, architecture, 'systemd')) : []
}

/** Ends the one that runs. */
export async function stopResolved(): Promise<void> {
  const child = running
  running = undefined
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** "ip netns exec" has given this process mounts of its own. */
function prepare(): void {
  const mount = (...args: readonly string[]): unknown => execFileSync('mount', [...args])
  mount('-t', 'tmpfs', 'tmpfs', '/run')
  for (const [file, line] of [
    ['passwd', `systemd-resolve:x:${USER_ID}:${USER_ID}::/:/usr/sbin/nologin\n`],
    ['group', `systemd-resolve:x:${USER_ID}:\n`],
  ] as const) {
    const others = readFileSync(`/etc/${file}`, 'utf8')
      .split('\n')
      .filter((each) => !each.startsWith('systemd-resolve:'))
    writeFileSync(`/run/${file}`, `${others.join('\n')}${line}`)
    mount('--bind', `/run/${file}`, `/etc/${file}`)
  }
}

async function isListening(child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`systemd-resolved ended with code ${child.exitCode}`)
    const opened = await new Promise<boolean>((resolve) => {
      const socket = connect(53, '127.0.0.53')
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (opened && existsSync(STUB_FILE)) return
  }
}
