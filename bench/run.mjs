// `npm run bench`: Fathom beside its peers, the same names, one after the other in each round, CPU time per answer from
// /proc. Servers run on core 0, dnsperf on core 1.
//   node bench/run.mjs [--quick] [--rounds 3] [--seconds 3] [--only CASE,…] [--json FILE] [--no-apt]
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CASES } from './cases.mjs'
import { QUESTIONS, externalName, serviceName } from './names.mjs'
import { PROGRAMS, startProgram, usageOf } from './programs.mjs'
import { judge, printTable } from './report.mjs'

const HERE = new URL('.', import.meta.url).pathname

async function main() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'string' },
      'no-apt': { type: 'boolean', default: false },
    },
  })
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
  const seconds = Number(values.seconds ?? (values.quick ? 1 : 2))
  const wanted = values.only?.split(',')
  const cases = CASES.filter(({ name }) => wanted === undefined || wanted.includes(name))
  if (!values['no-apt']) install()
  execFileSync(process.execPath, [join(HERE, '../scripts/build.mjs')], { stdio: 'inherit' })
  const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version, rounds, seconds }
  process.stdout.write(
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; ${rounds} rounds of ${seconds} s\n`,
  )
  const programs = Object.keys(PROGRAMS).filter((name) => {
    if (!PROGRAMS[name].isHere()) process.stdout.write(`${PROGRAMS[name].absent}; left out\n`)
    return PROGRAMS[name].isHere()
  })

  const directory = mkdtempSync(join(tmpdir(), 'fathom-bench-'))
  const helpers = [await startHelper('cluster-api.mjs'), await startHelper('upstream.mjs')]
  const [api, upstream] = helpers.map(({ port }) => port)
  const results = []
  try {
    for (const setting of ['cluster', 'cache', 'tcp']) {
      const own = cases.filter((one) => one.setting === setting)
      if (own.length === 0) continue
      const known = setting === 'cluster' ? serviceName(1) : externalName(1)
      const probe = (port) => answers(port, known)
      const servers = []
      try {
        for (const name of programs.filter((program) => PROGRAMS[program].settings.includes(setting))) {
          try {
            servers.push(await startProgram(name, setting, { api, upstream, probe }))
          } catch (error) {
            if (name === 'fathom') throw error
            process.stdout.write(`${error.message}; left out\n`)
          }
        }
        for (const one of own) results.push(await runCase(one, servers, { rounds, seconds, directory, results }))
      } finally {
        for (const server of servers) server.stop()
      }
    }
  } finally {
    for (const { child } of helpers) child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
  printTable(results, (line) => process.stdout.write(`${line}\n`))
  const bars = judge(results)
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ machine, results, bars }, undefined, 2))
  for (const { text, holds } of bars) process.stdout.write(`${holds ? 'holds ' : 'MISSED'}  ${text}\n`)
}

/** Debian's peers, where this may install them. */
function install() {
  const missing = ['unbound', 'dnsmasq', 'kresd', 'dnsperf'].filter((name) => spawnSync('which', [name]).status !== 0)
  if (missing.length === 0 || process.getuid?.() !== 0 || spawnSync('which', ['apt-get']).status !== 0) return
  const packages = { dnsmasq: 'dnsmasq-base', kresd: 'knot-resolver' }
  const names = missing.map((name) => packages[name] ?? name)
  spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...names], { stdio: 'ignore' })
}

/** One case: every round asks each server in turn. */
async function runCase(one, servers, { rounds, seconds, directory, results }) {
  const taking = servers.filter(({ name }) => one.programs === undefined || one.programs.includes(name))
  const samples = Object.fromEntries(taking.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const server of taking) {
      const file = join(directory, `${one.questions}-${server.name}-${round}`)
      const text = one.questions === 'unique' ? QUESTIONS.unique(`${one.name}${round}`) : QUESTIONS[one.questions]()
      writeFileSync(file, text.join('\n'))
      const rate = one.rate?.(results)
      if (one.questions !== 'unique') drive(server, one, { file, passes: 3 })
      const before = usageOf(server)
      const load = drive(server, one, { file, seconds, rate })
      const after = usageOf(server)
      const micros = ((after.cpuSeconds - before.cpuSeconds) * 1e6) / load.completed
      samples[server.name].push({ ...load, cpuMicros: micros, rssMb: after.rssMb })
      rmSync(file)
    }
  }
  return {
    case: one.name,
    title: one.title,
    programs: Object.fromEntries(Object.entries(samples).map(([k, v]) => [k, median(v)])),
  }
}

/** Runs dnsperf once; latency percentiles where the case asks for them (reporting each answer slows dnsperf down). */
function drive({ port }, one, { file, seconds, passes, rate }) {
  const args = ['-c', '1', 'dnsperf', '-s', '127.0.0.1', '-p', String(port), '-d', file, '-c', '8']
  args.push(...(passes === undefined ? ['-l', String(seconds)] : ['-n', String(passes)]))
  args.push('-q', String(one.outstanding ?? 100), '-m', one.transport ?? 'udp', '-t', '2')
  if (rate !== undefined) args.push('-Q', String(Math.round(rate)))
  if (one.latency === true) args.push('-v')
  const { stdout } = spawnSync('taskset', args, { encoding: 'utf8', maxBuffer: 1 << 30 })
  const number = (pattern) => Number(pattern.exec(stdout)?.[1] ?? 0)
  const latencies = [...stdout.matchAll(/^> \S+ \S+ \S+ (\d+\.\d+)$/gm)].map((match) => Number(match[1]) * 1e6)
  latencies.sort((a, b) => a - b)
  const at = (part) => latencies[Math.floor(latencies.length * part)]
  return {
    completed: number(/Queries completed:\s+(\d+)/),
    lost: number(/Queries lost:\s+(\d+)/),
    perSecond: number(/Queries per second:\s+([\d.]+)/),
    p50Micros: at(0.5),
    p99Micros: at(0.99),
  }
}

/** Field by field. */
function median(samples) {
  const of = (key) => {
    const sorted = samples.map((sample) => sample[key]).toSorted((a, b) => a - b)
    return sorted[Math.floor(sorted.length / 2)]
  }
  const keys = ['perSecond', 'cpuMicros', 'p50Micros', 'p99Micros', 'rssMb']
  const lost = samples.reduce((sum, sample) => sum + sample.lost, 0)
  return { ...Object.fromEntries(keys.map((key) => [key, of(key)])), lost }
}

function startHelper(file) {
  const child = spawn('taskset', ['-c', '1', process.execPath, join(HERE, file)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return new Promise((resolve) => {
    child.stdout.once('data', (text) => resolve({ child, port: Number(text) }))
  })
}

/** Whether the server gives an address for the name within 300 ms. */
function answers(port, name) {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
  const head = Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  const query = Buffer.concat([head, ...labels, Buffer.from([0, 0, 1, 0, 1])])
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    const done = (result) => {
      clearTimeout(timer)
      socket.close()
      resolve(result)
    }
    const timer = setTimeout(() => done(false), 300)
    socket.on('error', () => done(false))
    socket.on('message', (response) => done(response.readUInt16BE(6) > 0))
    socket.send(query, port, '127.0.0.1')
  })
}

await main()
