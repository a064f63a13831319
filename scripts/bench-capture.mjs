// Whether `fathom capture` loses packets at a rate, beside tcpdump that captures the same packets in the same run: two namespaces, a
// sender that counts, a file each. What the kernel dropped, what each file holds, and the processor time are printed. Root only.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readOptions } from './support/options.mjs'
import { cpuSeconds } from './support/process-figures.mjs'

const HELP = `usage: npm run bench:capture -- [options]

  --rate N       packets a second (default 50000)
  --seconds N    (default 5)
  --filter TEXT  of both programs (default "udp port 53")
  --json         print one JSON value instead of a table
  --help         print this`

const values = readOptions(HELP, { rate: 50_000, seconds: 5, filter: 'udp port 53', json: false })

const PROGRAM = fileURLToPath(new URL('../bin/fathom.js', import.meta.url))
const SENDER = fileURLToPath(new URL('./support/send-queries.mjs', import.meta.url))
const SERVER = '10.99.0.2'
const folder = mkdtempSync(join(tmpdir(), 'fathom-bench-capture-'))
const [client, server] = [`fathom-bc-${process.pid}-a`, `fathom-bc-${process.pid}-b`]
const children = new Set()
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(signal === 'SIGINT' ? 130 : 143))
process.on('exit', clean)

ip('netns', 'add', client)
ip('netns', 'add', server)
ip('-n', client, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', server)
for (const [name, address] of [
  [client, '10.99.0.1/24'],
  [server, `${SERVER}/24`],
]) {
  ip('-n', name, 'address', 'add', address, 'dev', 'eth0')
  ip('-n', name, 'link', 'set', 'eth0', 'up')
}
// Nobody listens: an ICMP error for each query would only blur the count.
execFileSync('ip', ['netns', 'exec', server, 'iptables', '-A', 'INPUT', '-p', 'udp', '--dport', '53', '-j', 'DROP'])

const files = { ours: join(folder, 'ours.pcap'), theirs: join(folder, 'theirs.pcap') }
const ours = capture(
  [process.execPath, PROGRAM, 'capture', '-i', 'eth0', '-w', files.ours, values.filter],
  'capturing on',
)
const theirs = capture(
  ['tcpdump', '-nn', '-i', 'eth0', '-B', '65536', '-w', files.theirs, values.filter],
  'listening on',
)
await Promise.all([ours.ready, theirs.ready])
const sent = JSON.parse(
  execFileSync(
    'ip',
    ['netns', 'exec', client, process.execPath, SENDER, SERVER, String(values.rate), String(values.seconds)],
    {
      encoding: 'utf8',
    },
  ),
)
const rows = [
  await row('fathom capture', ours, files.ours, /(\d+) dropped by the kernel/),
  await row('tcpdump', theirs, files.theirs, /(\d+) packets? dropped by kernel/),
]
if (values.json) console.log(JSON.stringify({ ...sent, programs: rows }, null, 2))
else {
  console.log(
    `${sent.sent} packets sent in ${sent.seconds.toFixed(2)} s: ${sent.perSecond} packets/s, filter "${values.filter}"\n`,
  )
  console.log(`${'program'.padEnd(16)}   in file   dropped     CPU s  us/packet`)
  for (const { program, inFile, dropped, cpuSeconds: used } of rows) {
    const perPacket = ((used * 1e6) / sent.sent).toFixed(1)
    const figures = [inFile, dropped, used.toFixed(2), perPacket].map((figure) => String(figure).padStart(10))
    console.log(`${program.padEnd(16)}${figures.join('')}`)
  }
}
process.exitCode = rows[0].inFile === sent.sent && rows[0].dropped === 0 ? 0 : 1

/** Starts a program that captures in the client's namespace; `ready` once it says so. */
function capture(command, sign) {
  const child = spawn('ip', ['netns', 'exec', client, ...command], { stdio: ['ignore', 'ignore', 'pipe'] })
  children.add(child)
  let text = ''
  const ready = new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      text += chunk
      if (text.includes(sign)) resolve()
    })
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`${command[0]} ended with ${code}: ${text}`)))
  })
  return { child, ready, text: () => text }
}

/** Lets a program finish what it has, ends it, and counts what its file holds. */
async function row(program, { child, text }, file, drops) {
  await settled(child)
  const used = cpuSeconds(child.pid)
  const ended = new Promise((resolve) => child.on('close', resolve))
  child.kill('SIGINT')
  await ended
  children.delete(child)
  const inFile = countRecords(readFileSync(file))
  return {
    program,
    inFile,
    dropped: Number(drops.exec(text())?.[1]),
    cpuSeconds: used,
  }
}

/** Until its processor time stands still: nothing is left to take. */
async function settled(child) {
  let [before, same] = [-1, 0]
  while (same < 3) {
    await new Promise((resolve) => setTimeout(resolve, 300))
    // An idle program still looks whether there is something, a few times a second.
    const now = Math.round(cpuSeconds(child.pid) / 0.08)
    same = now === before ? same + 1 : 0
    before = now
  }
}

function countRecords(octets) {
  let count = 0
  for (let at = 24; at + 16 <= octets.length; count += 1) at += 16 + octets.readUInt32LE(at + 8)
  return count
}

function ip(...args) {
  execFileSync('ip', args)
}

function clean() {
  for (const child of children) child.kill('SIGKILL')
  for (const name of [client, server]) {
    try {
      execFileSync('ip', ['netns', 'delete', name], { stdio: 'ignore' })
    } catch {
      // It was not made.
    }
  }
  rmSync(folder, { recursive: true, force: true })
}
