// How fast `fathom pcap` is beside tshark, capinfos and tcpdump, on a large capture that this makes itself (bench-pcap-traffic.mjs),
// and whether the bars hold. Runs of the programs alternate, the median counts; peak memory is the kernel's VmHWM.
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statSync, statfsSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeCapture } from './bench-pcap-traffic.mjs'
import { readOptions } from './support/options.mjs'
import { cpuSeconds, memoryMb } from './support/process-figures.mjs'

const HELP = `usage: npm run bench:pcap -- [options]

  --size MB        size of the capture (default 1000; tshark takes minutes for it, and about 5 MB of memory for each)
  --file FILE      read this capture instead of making one
  --runs N         runs of each program but tshark, which runs once (default 3)
  --only PARTS     summary, packets or both, with a comma between them (default both)
  --json           print one JSON value instead of tables
  --help           print this

The capture is made below ${tmpdir()} and removed at the end. --packets and tcpdump read a tenth of its size.`

const values = readOptions(HELP, { size: 1000, file: undefined, runs: 3, only: 'summary,packets', json: false })
const { size, runs } = values
const PROGRAM = fileURLToPath(new URL('../bin/fathom.js', import.meta.url))
const ours = (...args) => [process.execPath, PROGRAM, 'pcap', ...args]

const folder = mkdtempSync(join(tmpdir(), 'fathom-bench-pcap-'))
const children = new Set()
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop(signal === 'SIGINT' ? 130 : 143))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const results = []
const bars = []
const parts = values.only.split(',')
const file = values.file ?? (await make('large.pcap', size))
if (parts.includes('summary')) await compareSummaries()
if (parts.includes('packets')) await comparePackets()
report()
process.exitCode = bars.every(({ holds }) => holds) ? 0 : 1

async function compareSummaries() {
  const packets = await countPackets(file)
  const [fathom, capinfos] = await alternate(ours('--summary', file), ['capinfos', '-c', file])
  const tshark = await run(['tshark', '-q', '-z', 'dns,tree', '-r', file])
  note('fathom pcap --summary', packets, fathom)
  note('tshark -q -z dns,tree', packets, tshark)
  note('capinfos -c', packets, capinfos)
  bar('packets/s of tshark', tshark.seconds / fathom.seconds, 10)
  bar('packets/s of capinfos', capinfos.seconds / fathom.seconds, 0.2)
  bar("tshark's peak memory over ours", tshark.memoryMb / fathom.memoryMb, 15)
  bar('320 MB over our peak memory', 320 / fathom.memoryMb, 1)
}

async function comparePackets() {
  const small = values.file ?? (await make('small.pcap', Math.max(1, size / 10)))
  const packets = await countPackets(small)
  const [fathom, tcpdump] = await alternate(ours('--packets', small), ['tcpdump', '-nn', '-r', small])
  note('fathom pcap --packets', packets, fathom)
  note('tcpdump -nn', packets, tcpdump)
  bar('lines/s of tcpdump', tcpdump.seconds / fathom.seconds, 1)
}

// --- Measuring ---

/** The median of each of two commands, run in turn. */
async function alternate(one, other) {
  const measured = [[], []]
  for (let count = 0; count < runs; count += 1) {
    measured[0].push(await run(one))
    measured[1].push(await run(other))
  }
  return measured.map((all) => all.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(all.length / 2)])
}

/** Runs a program with its output thrown away; memory and processor time are read while it runs. */
function run([program, ...args]) {
  progress(`${program === process.execPath ? 'fathom' : program} ${args.slice(0, 3).join(' ')}`)
  return new Promise((resolve, reject) => {
    const nowhere = openSync('/dev/null', 'w')
    const startedAt = performance.now()
    const child = spawn(program, args, { stdio: ['ignore', nowhere, 'ignore'] })
    closeSync(nowhere)
    children.add(child)
    const used = { memoryMb: 0, cpuSeconds: 0 }
    const look = setInterval(() => {
      try {
        used.memoryMb = Math.max(used.memoryMb, memoryMb(child.pid, 'VmHWM'))
        used.cpuSeconds = cpuSeconds(child.pid)
      } catch {
        // It has ended.
      }
    }, 20)
    child.on('error', (error) => fail(`Cannot run ${program}: ${error.message}`))
    child.on('exit', (code, signal) => {
      clearInterval(look)
      children.delete(child)
      // 1 of fathom says that it found a fault.
      if (code !== 0 && code !== 1) reject(new Error(`${program} ended with ${code ?? signal}`))
      else resolve({ seconds: (performance.now() - startedAt) / 1000, ...used })
    })
  })
}

/** Packets of a file, as capinfos counts them. */
function countPackets(path) {
  return new Promise((resolve) => {
    const child = spawn('capinfos', ['-c', '-M', '-T', '-r', path], { stdio: ['ignore', 'pipe', 'ignore'] })
    children.add(child)
    let text = ''
    child.stdout.on('data', (chunk) => (text += chunk))
    child.on('error', (error) => fail(`Cannot run capinfos: ${error.message}`))
    child.on('close', (code) => {
      children.delete(child)
      if (code !== 0) fail(`Cannot read ${path}: capinfos ended with ${code}`)
      resolve(Number(/(\d+)\s*$/.exec(text)?.[1]))
    })
  })
}

async function make(name, megabytes) {
  const { bavail, bsize } = statfsSync(folder)
  if (bavail * bsize < megabytes * 1.1e6)
    fail(`Cannot make a capture of ${megabytes} MB: ${folder} has ${Math.floor((bavail * bsize) / 1e6)} MB left`)
  const path = join(folder, name)
  await makeCapture(path, megabytes * 1e6, (bytes) => progress(`making ${name}: ${(bytes / 1e6).toFixed(0)} MB`))
  return path
}

// --- Telling ---

function note(program, packets, measured) {
  results.push({ program, packets, packetsPerSecond: Math.round(packets / measured.seconds), ...measured })
}

function bar(what, factor, wanted) {
  bars.push({ what, factor, wanted, holds: factor >= wanted })
}

function report() {
  const machine = { processor: cpus()[0]?.model ?? 'unknown', processors: cpus().length, node: process.version }
  const bytes = statSync(file).size
  progress('')
  if (values.json) {
    console.log(JSON.stringify({ ...machine, bytes, runs, results, bars }, null, 2))
    return
  }
  console.log(`${machine.processor}, ${machine.processors} processors, Node ${machine.node}`)
  console.log(`capture of ${(bytes / 1e6).toFixed(0)} MB, median of ${runs} runs, tshark once\n`)
  console.log(`${'program'.padEnd(24)} packets/s    wall s     CPU s  peak MB`)
  for (const { program, ...of } of results) {
    const figures = [
      of.packetsPerSecond.toFixed(0),
      of.seconds.toFixed(2),
      of.cpuSeconds.toFixed(2),
      of.memoryMb.toFixed(0),
    ]
    console.log(program.padEnd(24) + figures.map((figure) => figure.padStart(10)).join(''))
  }
  console.log(`\n${'bar'.padEnd(32)}  measured    wanted`)
  for (const { what, factor, wanted, holds } of bars) {
    console.log(
      `${what.padEnd(32)}${`${factor.toFixed(2)} x`.padStart(10)}${`${wanted} x`.padStart(10)}  ${holds ? 'holds' : 'MISSED'}`,
    )
  }
}

/** One line on a terminal that the next one takes the place of. */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`)
}

function fail(message) {
  console.error(message)
  stop(1)
}

function stop(code) {
  for (const child of children) child.kill('SIGKILL')
  process.exit(code)
}
