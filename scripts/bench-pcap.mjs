// How fast `fathom pcap` is beside tshark, capinfos and tcpdump, on one large capture that this makes itself. Prints the bars.
//   node scripts/bench-pcap.mjs [--mb 1000] [--runs 3] [--file FILE] [--only summary,packets]
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? fallback : process.argv[at + 1]
}
const MB = Number(option('mb', '1000'))
const RUNS = Number(option('runs', '3'))
const ONLY = option('only', 'summary,packets').split(',')
const PROGRAM = fileURLToPath(new URL('../bin/fathom.js', import.meta.url))
const folder = join(tmpdir(), 'fathom-bench-pcap')
mkdirSync(folder, { recursive: true })

const file = option('file', join(folder, `dns-${MB}.pcap`))
if (!existsSync(file)) makeCapture(file, MB)
const small = join(folder, 'dns-40.pcap')
if (!existsSync(small)) makeCapture(small, 40)

console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} processors, Node ${process.version}`)
console.log(`${file}: ${(statSync(file).size / 1e6).toFixed(0)} MB, median of ${RUNS} runs\n`)

if (ONLY.includes('summary')) {
  const frames = Number(
    /(\d+)/.exec(execFileSync('capinfos', ['-c', '-M', '-T', '-r', file], { encoding: 'utf8' }).split('\t').at(-1))[1],
  )
  // tshark keeps state for every packet: a part of the file gives its speed, and memory enough for a factor.
  const tsharkFrames = Number(
    /(\d+)/.exec(execFileSync('capinfos', ['-c', '-M', '-T', '-r', small], { encoding: 'utf8' }).split('\t').at(-1))[1],
  )
  const ours = await median(() => run(process.execPath, [PROGRAM, 'pcap', '--summary', file]))
  const capinfos = await median(() => run('capinfos', ['-c', file]))
  const tshark = await median(() => run('tshark', ['-q', '-r', small, '-z', 'dns,tree']))
  const speed = frames / ours.seconds
  const tsharkSpeed = tsharkFrames / tshark.seconds
  line('fathom pcap --summary', speed, ours)
  line('tshark -q -z dns,tree (40 MB)', tsharkSpeed, tshark)
  line('capinfos -c', frames / capinfos.seconds, capinfos)
  const tsharkMemory = (tshark.memoryMb / 40) * MB
  bar('packets/s against tshark', speed / tsharkSpeed, 10)
  bar('packets/s against capinfos', (speed * capinfos.seconds) / frames, 0.2)
  bar('memory against tshark (its figure scaled from 40 MB)', tsharkMemory / ours.memoryMb, 15)
  console.log(`memory ${ours.memoryMb.toFixed(0)} MB of at most 320 MB: ${ours.memoryMb <= 320 ? 'ok' : 'MISSED'}\n`)
}
if (ONLY.includes('packets')) {
  const lines = Number(execFileSync('sh', ['-c', `tcpdump -nn -r ${small} 2>/dev/null | wc -l`], { encoding: 'utf8' }))
  const ours = await median(() => run(process.execPath, [PROGRAM, 'pcap', '--packets', small]))
  const tcpdump = await median(() => run('tcpdump', ['-nn', '-r', small]))
  line('fathom pcap --packets (40 MB)', lines / ours.seconds, ours)
  line('tcpdump -nn (40 MB)', lines / tcpdump.seconds, tcpdump)
  bar('lines/s against tcpdump', tcpdump.seconds / ours.seconds, 1)
}

function line(what, perSecond, { seconds, cpuSeconds, memoryMb }) {
  const figures = `${perSecond.toFixed(0).padStart(10)}/s  ${seconds.toFixed(2)} s wall  ${cpuSeconds.toFixed(2)} s CPU  ${memoryMb.toFixed(0)} MB`
  console.log(`${what.padEnd(36)}${figures}`)
}

function bar(what, factor, wanted) {
  console.log(`  ${what}: ${factor.toFixed(2)} x, wanted ${wanted} x: ${factor >= wanted ? 'ok' : 'MISSED'}`)
}

async function median(measure) {
  const all = []
  for (let count = 0; count < RUNS; count += 1) all.push(await measure())
  return all.sort((a, b) => a.seconds - b.seconds)[Math.floor(all.length / 2)]
}

/** Runs a program with its output thrown away; its peak memory is read while it runs. */
function run(program, args) {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const child = spawn(program, args, { stdio: ['ignore', openSync('/dev/null', 'w'), 'ignore'] })
    let memoryMb = 0
    let cpuSeconds = 0
    const look = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
        memoryMb = Math.max(memoryMb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
        const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ')
        cpuSeconds = (Number(fields[11]) + Number(fields[12])) / 100
      } catch {
        // It has ended.
      }
    }, 20)
    child.on('error', reject)
    child.on('exit', (code) => {
      clearInterval(look)
      if (code !== 0 && code !== 1) reject(new Error(`${program} ended with ${code}`))
      else resolve({ seconds: (performance.now() - startedAt) / 1000, cpuSeconds, memoryMb })
    })
  })
}

// --- The capture: 300 clients of 3 servers, 6000 names, A and AAAA, 1 in 500 without a response ---

function makeCapture(path, megabytes) {
  process.stderr.write(`making ${path}\n`)
  const fd = openSync(path, 'w')
  let seed = 42
  const random = (limit) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    return (seed >>> 8) % limit
  }
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(262144, 16)
  header.writeUInt32LE(1, 20)
  writeSync(fd, header)
  const names = Array.from({ length: 6000 }, (_, index) =>
    index % 3 === 0 ? `www${index}.example.org` : `svc-${index}.ns-${index % 40}.svc.cluster.local`,
  ).map(encodeName)
  const responses = []
  const chunk = Buffer.alloc(1 << 20)
  let used = 0
  let fileBytes = 24
  let at = 1_700_000_000_000_000
  const flush = () => {
    writeSync(fd, chunk, 0, used)
    used = 0
  }
  const add = (time, frame) => {
    if (used + frame.length + 16 > chunk.length) flush()
    chunk.writeUInt32LE(Math.floor(time / 1e6), used)
    chunk.writeUInt32LE(time % 1e6, used + 4)
    chunk.writeUInt32LE(frame.length, used + 8)
    chunk.writeUInt32LE(frame.length, used + 12)
    frame.copy(chunk, used + 16)
    used += 16 + frame.length
    fileBytes += 16 + frame.length
  }
  for (let written = 24; written < megabytes * 1e6; written = fileBytes) {
    at += 20 + random(24)
    while (responses.length > 0 && responses[0].time <= at) {
      const { time, frame } = responses.shift()
      add(time, frame)
    }
    const client = { octets: [10, 244, random(3), 2 + random(100)], port: 1024 + random(60000) }
    const server = { octets: [10, 96, 0, 10 + random(3)], port: 53 }
    const id = random(65536)
    const name = names[random(names.length)]
    const type = random(2) === 0 ? 1 : 28
    add(at, frameOf(client, server, message({ id, bits: 0x0100, name, type, answers: 0 })))
    if (random(500) === 0) continue
    const kind = random(10)
    const response = message({
      id,
      bits: kind === 0 ? 0x8583 : 0x8580,
      name,
      type,
      answers: kind === 0 ? 0 : 1 + random(3),
    })
    responses.push({
      time: at + 300 + (responses.length > 0 ? 0 : random(50)),
      frame: frameOf(server, client, response),
    })
  }
  flush()
  closeSync(fd)
}

function encodeName(name) {
  return Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.alloc(1),
  ])
}

function message({ id, bits, name, type, answers }) {
  const size = type === 1 ? 4 : 16
  const octets = Buffer.alloc(12 + name.length + 4 + answers * (12 + size))
  octets.writeUInt16BE(id, 0)
  octets.writeUInt16BE(bits, 2)
  octets.writeUInt16BE(1, 4)
  octets.writeUInt16BE(answers, 6)
  name.copy(octets, 12)
  let at = 12 + name.length
  octets.writeUInt16BE(type, at)
  octets.writeUInt16BE(1, at + 2)
  at += 4
  for (let index = 0; index < answers; index += 1) {
    octets.writeUInt16BE(0xc00c, at)
    octets.writeUInt16BE(type, at + 2)
    octets.writeUInt16BE(1, at + 4)
    octets.writeUInt32BE(30, at + 6)
    octets.writeUInt16BE(size, at + 10)
    octets[at + 11 + size] = index + 1
    at += 12 + size
  }
  return octets
}

function frameOf(source, destination, payload) {
  const frame = Buffer.alloc(42 + payload.length)
  frame.writeUInt16BE(0x0800, 12)
  frame[14] = 0x45
  frame.writeUInt16BE(28 + payload.length, 16)
  frame[22] = 64
  frame[23] = 17
  frame.set(source.octets, 26)
  frame.set(destination.octets, 30)
  frame.writeUInt16BE(source.port, 34)
  frame.writeUInt16BE(destination.port, 36)
  frame.writeUInt16BE(8 + payload.length, 38)
  payload.copy(frame, 42)
  return frame
}
