// Every fault of the lab against the doctor: a lab comes up, each fault is injected, "fathom doctor --lab" looks, the fault is healed.
// Prints the table fault x verdict. Fails when a fault that the doctor has a check for goes unnamed, or a healthy lab does not.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const USAGE = `Usage: node scripts/test-lab.mjs [--grade netns|loopback] [--cni calico|flannel] [--only FAULT,…]

--grade: default netns for root on Linux, else loopback
`
const flags = readFlags()
const program = process.env.FATHOM_PROGRAM ?? fileURLToPath(new URL('../bin/fathom.js', import.meta.url))
const causePages = fileURLToPath(new URL('../docs/causes/', import.meta.url))
const name = `test-${process.pid}`
// A folder of its own: labs of others are left alone.
const runtime = mkdtempSync(join(tmpdir(), 'fathom-test-lab-'))
const env = { ...process.env, XDG_RUNTIME_DIR: runtime }

let lab
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) {
  process.on(signal, () => void stopLab().then(() => process.exit(130)))
}

try {
  process.exitCode = await main()
} finally {
  await stopLab()
  rmSync(runtime, { recursive: true, force: true })
}

async function main() {
  const faults = (await listFaults()).filter(fits).filter(isWanted)
  const why = await startLab()
  if (why !== undefined) return say(`The lab did not start: ${why}`, 1)
  const where = flags.grade === 'netns' ? `netns, ${String(flags.cni)}` : 'loopback'
  say(`\n${faults.length} faults, ${where}\n`)
  const width = Math.max(...faults.map((fault) => fault.name.length), 'healthy lab'.length)
  const row = (first, ...cells) => say([first.padEnd(width), ...cells].join('  '))
  row('fault', 'verdict    ', '    s', 'named first')

  const healthy = await ask([])
  const isClean = healthy.report?.outcome === 'healthy'
  row('healthy lab', (isClean ? 'healthy' : 'BLAMED').padEnd(11), healthy.seconds, firstOf(healthy.report))

  const counts = new Map()
  let missed = 0
  for (const fault of faults) {
    const { verdict, seconds, first } = await tryFault(fault)
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1)
    if (verdict === 'MISSED' || verdict === 'failed') missed += 1
    row(fault.name, verdict.padEnd(11), seconds, first)
  }
  say(`\n${[...counts].map(([verdict, count]) => `${count} ${verdict}`).join(', ')}`)
  return missed > 0 || !isClean ? 1 : 0
}

/** One fault in, one look, out again; the look is taken by somebody who does not know what was done. */
async function tryFault(fault) {
  const injected = await run(['lab', 'inject', fault.name, '--name', name])
  if (injected.status !== 0) return { verdict: 'failed', seconds: '    -', first: injected.stderr.trim() }
  const { report, seconds, stderr } = await ask(fault.shownBy)
  const healed = await run(['lab', 'heal', '--name', name])
  if (healed.status !== 0) return { verdict: 'failed', seconds, first: `not healed: ${healed.stderr.trim()}` }
  if (report === undefined) return { verdict: 'failed', seconds, first: stderr.trim().split('\n')[0] }
  return { verdict: verdictOn(fault, report), seconds, first: firstOf(report) }
}

/** `proven` and `suspected` of a cause, `observed` of what explains no failure, `no check` where the doctor knows no such cause. */
function verdictOn({ cause }, { causes, observations }) {
  const found = causes.find(({ code }) => code === cause)
  if (found !== undefined) return found.status
  if (observations.some(({ code }) => code === cause)) return 'observed'
  return existsSync(`${causePages}${cause}.md`) ? 'MISSED' : 'no check'
}

function firstOf(report) {
  if (report === undefined) return '(no report)'
  const named = report.causes.map(({ code, status }) => (status === 'proven' ? code : `${code}?`))
  return named.length > 0 ? named.join(', ') : `(${report.outcome})`
}

async function ask(args) {
  const startedAt = Date.now()
  const { stdout, stderr } = await run(['doctor', `--lab=${name}`, '-o', 'json', ...args])
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1).padStart(5)
  try {
    return { report: JSON.parse(stdout), seconds, stderr }
  } catch {
    return { report: undefined, seconds, stderr }
  }
}

async function listFaults() {
  const { status, stdout, stderr } = await run(['lab', 'faults', '-o', 'json'])
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout).faults
}

function fits({ needs }) {
  if (needs === undefined || needs === null) return true
  return flags.grade === 'netns' && (needs === 'netns' || needs === flags.cni)
}

function isWanted({ name: fault }) {
  return flags.only === undefined || flags.only.split(',').includes(fault)
}

/** Starts the lab as a child of this process; resolves with nothing once it is up, else with the reason why not. */
function startLab() {
  const kind = flags.grade === 'netns' ? ['--grade', 'netns', '--cni', flags.cni] : []
  lab = spawn(process.execPath, [program, 'lab', 'up', '--foreground', '--healthy', '--name', name, ...kind], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  })
  let said = ''
  lab.stderr.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  return new Promise((resolve) => {
    lab.stdout.setEncoding('utf8').once('data', () => {
      lab.stdout.resume()
      resolve()
    })
    lab.once('close', (status) => resolve(said.trim() || `status ${status}`))
  })
}

/** Ends the lab and waits for its end. */
async function stopLab() {
  if (lab === undefined || lab.exitCode !== null || lab.signalCode !== null) return
  const ended = new Promise((resolve) => {
    lab.once('close', resolve)
  })
  lab.kill('SIGTERM')
  await ended
}

function run(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env })
    const said = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr']) {
      child[stream].setEncoding('utf8').on('data', (text) => {
        said[stream] += text
      })
    }
    child.on('close', (status) => resolve({ status, ...said }))
  })
}

function readFlags() {
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0
  const options = { grade: { type: 'string' }, cni: { type: 'string' }, only: { type: 'string' } }
  try {
    const { values } = parseArgs({ options })
    const { grade = isRoot ? 'netns' : 'loopback', cni = 'calico', only } = values
    if (!['loopback', 'netns'].includes(grade)) throw new Error('--grade takes netns or loopback')
    if (!['calico', 'flannel'].includes(cni)) throw new Error('--cni takes calico or flannel')
    return { grade, cni, only }
  } catch (error) {
    process.stderr.write(`test-lab: ${error.message}\n${USAGE}`)
    process.exit(2)
  }
}

function say(line, status) {
  process.stdout.write(`${line}\n`)
  return status
}
