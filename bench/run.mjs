// `npm run bench`: Fathom beside its peers, the same names, one after the other in each round, CPU time per answer from
// /proc. Servers run on core 0, dnsperf on core 1.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { readOptions } from '../scripts/support/options.mjs'
import { CASES, MEMORY_BARS } from './cases.mjs'
import { answers, drive } from './drive.mjs'
import { measureMemory } from './memory.mjs'
import { QUESTIONS, externalName, serviceName } from './names.mjs'
import { printProfile, profileCase } from './profile.mjs'
import { PROGRAMS, startHelper, startProgram, usageOf } from './programs.mjs'
import { judge, printBars, printTable, summarize } from './report.mjs'

const HELP = `usage: npm run bench -- [options]

  --rounds N       (default 3)
  --seconds N      for each case of a round (default 2)
  --quick          one round of one second
  --only CASE,…    these cases
  --programs NAME,…
                   these peers
  --profile CASE,…
                   where Fathom's time goes, without its peers
  --json FILE      all figures
  --no-apt         install no peers
  --help           print this`

const HERE = new URL('.', import.meta.url).pathname
const print = (line) => process.stdout.write(`${line}\n`)

async function main() {
  const values = readOptions(HELP, {
    // 0: as --quick says.
    rounds: 0,
    seconds: 0,
    quick: false,
    only: undefined,
    programs: undefined,
    profile: undefined,
    json: undefined,
    'no-apt': false,
  })
  const [wanted, programs, profiled] = [values.only, values.programs, values.profile].map((list) => list?.split(','))
  const rounds = values.rounds || (values.quick ? 1 : 3)
  const seconds = values.seconds || (values.quick ? 1 : 2)
  if (!values['no-apt'] && profiled === undefined) install()
  execFileSync(process.execPath, [join(HERE, '../scripts/build.mjs')], { stdio: 'inherit' })
  const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version, rounds, seconds }
  print(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; ${rounds} rounds of ${seconds} s`)
  const directory = mkdtempSync(join(tmpdir(), 'fathom-bench-'))
  const helpers = [await startHelper('cluster-api.mjs'), await startHelper('upstream.mjs')]
  const [api, upstream] = helpers.map(({ port }) => port)
  try {
    if (profiled !== undefined) {
      for (const one of chosen(profiled)) {
        const profile = await profileCase(one, {
          api,
          upstream,
          probe: probeOf(one.setting),
          seconds,
          rate: one.rate?.([]),
        })
        printProfile(profile, print)
      }
      return
    }
    const results = await compare({ wanted, programs, rounds, seconds }, { api, upstream, directory })
    const isWanted = MEMORY_BARS.some(({ case: name }) => wanted?.includes(name) !== false)
    const memory = isWanted ? await measureMemory(upstream) : []
    printTable({ results, memory }, print)
    const bars = judge({ results, memory })
    printBars(bars, print)
    if (values.json !== undefined) {
      writeFileSync(values.json, JSON.stringify({ machine, results, memory, bars }, undefined, 2))
    }
  } finally {
    for (const { child } of helpers) child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
}

function chosen(names) {
  return CASES.filter(({ name }) => names === undefined || names.includes(name))
}

function probeOf(setting) {
  const known = setting.startsWith('cluster') ? serviceName(1) : externalName(1)
  return (port) => answers(port, known)
}

/** All cases, setting by setting: the servers of one are started together and asked in turn. */
async function compare({ wanted, programs, rounds, seconds }, { api, upstream, directory }) {
  const here = Object.keys(PROGRAMS).filter((name) => {
    if (name !== 'fathom' && programs?.includes(name) === false) return false
    if (!PROGRAMS[name].isHere()) print(`${PROGRAMS[name].absent}; left out`)
    return PROGRAMS[name].isHere()
  })
  const results = []
  const cases = chosen(wanted)
  for (const setting of new Set(cases.map((one) => one.setting))) {
    const servers = []
    try {
      for (const name of here.filter((program) => PROGRAMS[program].settings.includes(setting))) {
        try {
          servers.push(await startProgram(name, setting, { api, upstream, probe: probeOf(setting) }))
        } catch (error) {
          if (name === 'fathom') throw error
          print(`${error.message}; left out`)
        }
      }
      for (const one of cases.filter((each) => each.setting === setting)) {
        results.push(runCase(one, servers, { rounds, seconds, directory, results }))
      }
    } finally {
      for (const server of servers) server.stop()
    }
  }
  return results
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
function runCase(one, servers, { rounds, seconds, directory, results }) {
  const taking = servers.filter(({ name }) => one.programs === undefined || one.programs.includes(name))
  const samples = Object.fromEntries(taking.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const server of taking) {
      const file = join(directory, `${one.questions}-${server.name}-${round}`)
      const isUnique = one.questions === 'unique'
      const questions = (part) =>
        isUnique ? QUESTIONS.unique(`${one.name}${round}${part}`) : QUESTIONS[one.questions]()
      writeFileSync(file, questions('warm').join('\n'))
      const rate = one.rate?.(results)
      // Code is compiled as it runs: what is measured has run before, in every server.
      if (isUnique) drive(server, one, { file, seconds: 1 })
      else drive(server, one, { file, passes: 3 })
      writeFileSync(file, questions('').join('\n'))
      const before = usageOf(server)
      const load = drive(server, one, { file, seconds, rate })
      const after = usageOf(server)
      const micros = ((after.cpuSeconds - before.cpuSeconds) * 1e6) / load.completed
      samples[server.name].push({ ...load, cpuMicros: micros, rssMb: after.rssMb })
      rmSync(file)
    }
  }
  const programs = Object.fromEntries(Object.entries(samples).map(([name, all]) => [name, summarize(all)]))
  return { case: one.name, title: one.title, programs }
}

await main()
