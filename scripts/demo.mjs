// The main job on the embedded lab: a cluster with the story's fault comes up on loopback, the doctor is let loose on it and told
// nothing, its report is shown, everything is stopped. Succeeds when the doctor proved the fault.
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

// The test suite puts its own build here.
const program = process.env.FATHOM_PROGRAM ?? fileURLToPath(new URL('../bin/fathom.js', import.meta.url))
const name = `demo-${process.pid}`
/** What the doctor exits with when it proved a cause. */
const CAUSE_PROVEN = 1
const startedAt = Date.now()
const seconds = () => ((Date.now() - startedAt) / 1000).toFixed(1)

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    down()
    process.exit(130)
  })
}

process.exitCode = await demo()

async function demo() {
  show(`fathom lab up --name ${name}`)
  const up = spawnSync(process.execPath, [program, 'lab', 'up', '--name', name], { encoding: 'utf8' })
  if (up.status !== 0) return fail(`the lab did not start: ${up.stderr.trim() || `status ${up.status}`}`)
  process.stdout.write(`${up.stdout.split('\n')[0]}\n`)
  try {
    show(`fathom doctor --lab=${name}`)
    const { status, text } = await run(['doctor', `--lab=${name}`])
    if (status !== CAUSE_PROVEN)
      return fail(`the doctor proved nothing (exit status ${status}, expected ${CAUSE_PROVEN})`)
    if (!text.includes('1.2.4.8')) return fail('the doctor named something, but not the upstream 1.2.4.8')
  } finally {
    show(`fathom lab down --name ${name}`)
    down()
  }
  process.stdout.write(
    `\nThe demo did what it should in ${seconds()} s: the doctor was told nothing and found the dead upstream.\n` +
      'To play on: "node bin/fathom.js lab up", then kubectl, "fathom doctor --lab", "fathom lab inject".\n',
  )
  return 0
}

/** Runs the program, passes its output on as it comes, and keeps it. */
function run(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part) => {
      text += part
      process.stdout.write(part)
    })
    child.on('close', (status) => resolve({ status, text }))
  })
}

function down() {
  spawnSync(process.execPath, [program, 'lab', 'down', '--name', name], { stdio: 'ignore' })
}

function show(command) {
  process.stdout.write(`\n$ ${command}\n`)
}

function fail(why) {
  process.stdout.write(`\nThe demo failed after ${seconds()} s: ${why}\n`)
  return 1
}
