// Everything a fresh checkout needs, done once and only when something changed: npm packages, the build, and
// (root on Debian) the tools the tests want. Uses nothing but Node, since it runs before anything is installed.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const stamps = join(root, '.setup')
const flags = new Set(process.argv.slice(2))
const quiet = flags.has('--quiet')
const say = (line) => process.stderr.write(`setup: ${line}\n`)

/** Debian packages the tests use, by the command that shows whether they are there. */
const TOOLS = [
  { command: 'dig', debian: 'bind9-dnsutils', wantedBy: 'dig golden files, server tests' },
  { command: 'kubectl', debian: 'kubernetes-client', wantedBy: 'tests of the embedded API server' },
  { command: 'ip', debian: 'iproute2', wantedBy: 'network namespace tests' },
  { command: 'iptables', debian: 'iptables', wantedBy: 'node cache rule tests' },
  { command: 'conntrack', debian: 'conntrack', wantedBy: 'kernel tables and lab tests' },
  { command: 'tcpdump', debian: 'tcpdump', wantedBy: 'lab tests' },
  { command: 'unbound', debian: 'unbound', wantedBy: 'captures of real forwarders' },
  { command: 'dnsmasq', debian: 'dnsmasq-base', wantedBy: 'captures of real forwarders' },
  { command: 'nft', debian: 'nftables', wantedBy: 'captures of lost fragments' },
  { command: 'tshark', debian: 'tshark', wantedBy: 'captures held against its fields' },
  { command: 'busybox', debian: 'busybox', wantedBy: "busybox's resolver against its model" },
  { command: 'musl-gcc', debian: 'musl-tools', wantedBy: "musl's resolver against its model" },
  { command: 'chromium', debian: 'chromium', wantedBy: "the doctor's page in a browser" },
  { command: 'openssl', debian: 'openssl', wantedBy: 'TLS listener tests' },
]

mkdirSync(stamps, { recursive: true })
installPackages()
buildProgram()
if (!flags.has('--no-apt')) {
  installTools()
  unpack({
    folder: 'systemd-resolved',
    packages: ['systemd-resolved', 'libsystemd-shared'],
    isThere: existsSync('/lib/systemd/systemd-resolved'),
    wantedBy: "its model's tests",
  })
  unpack({
    folder: 'prometheus',
    packages: ['prometheus'],
    isThere: onPath('promtool'),
    wantedBy: 'checks of metrics and alert rules by promtool',
  })
}

function installPackages() {
  const wanted = hash([join(root, 'package.json'), join(root, 'package-lock.json')])
  if (existsSync(join(root, 'node_modules', '.package-lock.json')) && stamp('packages') === wanted) return
  say('installing npm packages')
  // "npm install" and not "npm ci": the lock file's versions are taken all the same, and a registry that does not carry the
  // prebuilt binaries of every foreign platform is no reason to stop. Binaries come inside packages: no script has to run.
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'])
  setStamp('packages', wanted)
}

function buildProgram() {
  const wanted = hash([...files(join(root, 'src')), join(root, 'package.json'), join(root, 'scripts', 'build.mjs')])
  if (existsSync(join(root, 'dist', 'main.js')) && stamp('build') === wanted) return
  if (!quiet) say('building')
  run(process.execPath, [join(root, 'scripts', 'build.mjs')])
  setStamp('build', wanted)
}

function installTools() {
  const missing = TOOLS.filter((tool) => !onPath(tool.command))
  if (missing.length === 0) return
  const names = missing.map((tool) => tool.debian)
  const why = process.getuid?.() !== 0 ? 'not root' : onPath('apt-get') ? undefined : 'no apt-get on this machine'
  if (why !== undefined) return leftOut(missing, why)
  say(`installing Debian packages: ${names.join(' ')}`)
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    execFileSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'ignore'], env })
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], { stdio: 'ignore', env })
  } catch (error) {
    say(`apt-get failed: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`)
  }
  const still = TOOLS.filter((tool) => !onPath(tool.command))
  if (still.length > 0) leftOut(still, 'apt-get could not install it')
}

/**
 * Takes Debian packages apart for a program in them. Installing them would start a service on this machine, or put one in
 * charge of its names; tests start the program themselves.
 */
function unpack({ folder: name, packages, isThere, wantedBy }) {
  const folder = join(stamps, name)
  if (existsSync(folder) || isThere || !onPath('apt-get') || !onPath('dpkg-deb')) return
  const downloads = join(stamps, 'downloads')
  mkdirSync(downloads, { recursive: true })
  try {
    execFileSync('apt-get', ['download', '-qq', ...packages], { cwd: downloads, stdio: 'ignore' })
    for (const file of readdirSync(downloads)) {
      execFileSync('dpkg-deb', ['--extract', join(downloads, file), `${folder}.part`], { stdio: 'ignore' })
    }
    renameSync(`${folder}.part`, folder)
  } catch (error) {
    say(
      `left out ${name} (${error instanceof Error ? error.message.split('\n')[0] : String(error)}): skips ${wantedBy}`,
    )
  } finally {
    rmSync(downloads, { recursive: true, force: true })
    rmSync(`${folder}.part`, { recursive: true, force: true })
  }
}

function leftOut(tools, why) {
  for (const tool of tools) say(`left out ${tool.debian} (${why}): skips ${tool.wantedBy}`)
}

function onPath(command) {
  return `${process.env.PATH ?? ''}:/usr/sbin:/sbin`
    .split(':')
    .some((dir) => dir !== '' && existsSync(join(dir, command)))
}

function run(command, args) {
  try {
    execFileSync(command, args, { cwd: root, stdio: quiet ? ['ignore', 'ignore', 'inherit'] : ['ignore', 2, 2] })
  } catch (error) {
    say(
      `"${command} ${args.join(' ')}" failed: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`,
    )
    process.exit(1)
  }
}

function* files(dir) {
  for (const entry of readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory()) yield* files(join(dir, entry.name))
    else if (!entry.name.endsWith('.test.ts')) yield join(dir, entry.name)
  }
}

function hash(paths) {
  const sum = createHash('sha256')
  for (const path of paths) if (existsSync(path) && statSync(path).isFile()) sum.update(path).update(readFileSync(path))
  return sum.digest('hex')
}

function stamp(name) {
  const path = join(stamps, name)
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

function setStamp(name, value) {
  writeFileSync(join(stamps, name), value)
}
