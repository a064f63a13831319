// The doctor against labs: each fault is put in, "fathom doctor --lab" looks without knowing what was done, the fault is taken out.
// Prints the table fault x verdict. Fails when a fault is not named as the proven first cause, when anything else is blamed, and when a
// healthy lab is not called healthy, each time twice. Causes that the catalogue calls observations need only be observed.
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { byHandCases } from './lab-runs/by-hand-cases.mjs'
import { pairCases, singleCases } from './lab-runs/fault-cases.mjs'
import { clusterWithoutNodeCache, healthyCases } from './lab-runs/healthy-cases.mjs'
import { TestLab, listFaults } from './lab-runs/lab.mjs'
import { runSuite, stopAll } from './lab-runs/run-cases.mjs'

const USAGE = `Usage: node scripts/test-lab.mjs [--faults] [--pairs] [--by-hand] [--healthy]
       [--grade netns|loopback] [--cni calico|flannel|both] [--coredns PATH] [--only TEXT,…] [--sample N] [--jobs N] [--keep FOLDER]

--faults   each fault of the lab by itself (what runs when nothing is said)
--pairs    faults two at a time: all pairs of faults from different groups
--by-hand  faults made with ip, iptables, kubectl, kill and edited files
--healthy  labs without faults: each network plugin, with and without node cache, loopback, a CoreDNS given by --coredns
--all      all of these
--grade    default netns for root on Linux, else loopback
--cni      default both: flannel runs the faults that need it
--only     cases whose title contains one of the texts
--sample   every Nth pair
--jobs     labs side by side; default: one a processor, at most 4
--keep     a folder for the reports
--if-possible  says so and ends well where this machine cannot run such a lab
`
const LOOPBACK = { title: 'loopback', labArgs: ['--grade', 'loopback', '--healthy'] }
const CALICO = { title: 'netns, calico', cni: 'calico', labArgs: ['--grade', 'netns', '--cni', 'calico', '--healthy'] }
const FLANNEL = {
  title: 'netns, flannel',
  cni: 'flannel',
  labArgs: ['--grade', 'netns', '--cni', 'flannel', '--healthy'],
}

const flags = readFlags()
/** Folders that were made for this run. */
const folders = []

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    void stopAll().then(() => {
      removeFolders()
      process.exit(130)
    })
  })
}

try {
  process.exitCode = await main()
} finally {
  await stopAll()
  removeFolders()
}

async function main() {
  const why = flags['if-possible'] ? await whyNot() : undefined
  if (why !== undefined) {
    say(`Skipped, as this machine cannot run such a lab: ${why}`)
    return 0
  }
  const startedAt = Date.now()
  const failures = []
  let passed = 0
  let passedLate = 0
  for (const suite of await suites()) {
    const cases = suite.cases.filter(isWanted)
    if (cases.length === 0) continue
    const result = await runSuite({ ...suite, cases }, { jobs: flags.jobs, keep: flags.keep, say })
    passed += result.passed
    passedLate += result.passedLate
    failures.push(...result.failed.map((title) => `${suite.title}: ${title}`))
  }
  const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1)
  const late = passedLate > 0 ? `, ${passedLate} of them at the second try` : ''
  say(`\n${passed} as they should be${late}, ${failures.length} not, in ${minutes} min`)
  for (const failure of failures) say(`  ${failure}`)
  return failures.length > 0 || passed === 0 ? 1 : 0
}

/**
 * Why no lab of this grade can run here; undefined when one can. A lab that fails although this machine could have one is no
 * reason to skip anything: its cases then say so.
 */
async function whyNot() {
  if (flags.grade === 'loopback') return undefined
  const lab = new TestLab(CALICO.labArgs)
  const why = await lab.start()
  await lab.stop()
  if (why === undefined || why.includes('Cannot start a lab of network namespaces')) return why
  // Root in a container may lack the right to make namespaces.
  const probe = `test-${process.pid}-probe`
  const { status, stderr } = spawnSync('ip', ['netns', 'add', probe], { encoding: 'utf8' })
  spawnSync('ip', ['netns', 'delete', probe])
  return status === 0 ? undefined : `"ip netns add" failed: ${stderr.trim()}`
}

async function suites() {
  const faults = await listFaults()
  const labs = flags.grade === 'loopback' ? [LOOPBACK] : flags.cni === 'both' ? [CALICO, FLANNEL] : [labOf(flags.cni)]
  const isAlone = labs.length === 1
  return [
    ...(flags.healthy ? healthySuites() : []),
    ...(flags.faults
      ? labs.map((lab, index) => ({
          ...lab,
          title: `faults, ${lab.title}`,
          cases: singleCases(
            faults.filter((fault) => fits(fault, lab) && (index === 0 || isAlone || fault.needs === lab.cni)),
          ),
        }))
      : []),
    ...(flags.pairs
      ? labs.slice(0, 1).map((lab) => ({
          ...lab,
          title: `pairs, ${lab.title}`,
          cases: pairCases(faults.filter((fault) => fits(fault, lab))).filter((_, index) => index % flags.sample === 0),
        }))
      : []),
    ...(flags['by-hand'] && flags.grade === 'netns'
      ? labs.map((lab) => ({ ...lab, title: `by hand, ${lab.title}`, cases: byHandCases(lab.cni) }))
      : []),
  ]
}

// --- Labs ---

function labOf(cni) {
  return cni === 'flannel' ? FLANNEL : CALICO
}

function healthySuites() {
  const cases = healthyCases()
  const loopback = { ...LOOPBACK, title: 'healthy, loopback', cases }
  if (flags.grade === 'loopback') return [loopback]
  const folder = clusterWithoutNodeCache()
  folders.push(folder)
  const bare = ['--cluster', folder]
  return [
    loopback,
    ...[CALICO, FLANNEL].flatMap((lab) => [
      { ...lab, title: `healthy, ${lab.title}`, cases },
      { ...lab, labArgs: [...lab.labArgs, ...bare], title: `healthy, ${lab.title}, no node cache`, cases },
    ]),
    ...(flags.coredns === undefined
      ? []
      : [CALICO, FLANNEL].map((lab) => ({
          ...lab,
          labArgs: [...lab.labArgs, '--coredns', flags.coredns],
          title: `healthy, ${lab.title}, CoreDNS of its own`,
          cases,
        }))),
  ]
}

function fits({ needs }, { cni }) {
  if (needs === undefined || needs === null) return true
  return cni !== undefined && (needs === 'netns' || needs === cni)
}

// --- Flags and words ---

function isWanted({ title }) {
  return flags.only === undefined || flags.only.split(',').some((text) => title.includes(text))
}

function readFlags() {
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0
  const yes = { type: 'boolean', default: false }
  const text = { type: 'string' }
  const options = {
    faults: yes,
    pairs: yes,
    'by-hand': yes,
    healthy: yes,
    all: yes,
    grade: text,
    cni: text,
    coredns: text,
    only: text,
    sample: text,
    jobs: text,
    keep: text,
    'if-possible': yes,
    help: yes,
  }
  try {
    const { values } = parseArgs({ options })
    if (values.help) {
      process.stdout.write(USAGE)
      process.exit(0)
    }
    const { grade = isRoot ? 'netns' : 'loopback', cni = 'both', all, coredns = process.env.COREDNS } = values
    if (!['loopback', 'netns'].includes(grade)) throw new Error('--grade takes netns or loopback')
    if (!['both', 'calico', 'flannel'].includes(cni)) throw new Error('--cni takes calico, flannel or both')
    const kinds = ['faults', 'pairs', 'by-hand', 'healthy']
    const isSaid = kinds.some((kind) => values[kind])
    const chosen = kinds.map((kind) => [kind, all || values[kind] || (!isSaid && kind === 'faults')])
    const sample = countOf('--sample', values.sample, 1)
    const jobs = countOf('--jobs', values.jobs, Math.min(4, availableParallelism()))
    return { ...values, ...Object.fromEntries(chosen), grade, cni, coredns, sample, jobs }
  } catch (error) {
    process.stderr.write(`test-lab: ${error.message}\n${USAGE}`)
    process.exit(2)
  }
}

function countOf(flag, given, otherwise) {
  if (given === undefined) return otherwise
  const count = Number(given)
  if (!Number.isInteger(count) || count < 1) throw new Error(`${flag} takes a whole number from 1`)
  return count
}

function say(line) {
  process.stdout.write(`${line}\n`)
}

function removeFolders() {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}
