// The main job on the embedded lab: a cluster with the story's fault comes up on loopback, the doctor is let loose on it and told
// nothing, its report is shown, everything is stopped. Succeeds when the doctor proved the fault.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

// The test suite puts its own build here.
const program = process.env.FATHOM_PROGRAM ?? fileURLToPath(new URL('../bin/fathom.js', import.meta.url))
const name = `demo-${process.pid}`
/** What the doctor exits with when it proved a cause. */
const CAUSE_PROVEN = 1
const startedAt = Date.now()
const seconds = () => ((Date.now() - startedAt) / 1000).toFixed(1)

let lab
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    void stopLab().then(() => process.exit(130))
  })
}

process.exitCode = await demo()

async function demo() {
  show(`fathom lab up --foreground --name ${name} &`)
  const up = await startLab()
  if (up !== undefined) return fail(`the lab did not start: ${up}`)
  try {
    show(`fathom doctor --lab=${name}`)
    const { status, text } = await run(['doctor', `--lab=${name}`])
    if (status !== CAUSE_PROVEN) {
      return fail(`the doctor proved nothing (exit status ${status}, expected ${CAUSE_PROVEN})`)
    }
    if (!text.includes('1.2.4.8')) return fail('the doctor named something, but not the upstream 1.2.4.8')
  } finally {
    show(`fathom lab down --name ${name}`)
    await stopLab()
  }
  process.stdout.write(
    `\nThe demo did what it should in ${seconds()} s: the doctor was told nothing and found the dead upstream.\n` +
      'To play on: "node bin/fathom.js lab up", then kubectl, "fathom doctor --lab", "fathom lab inject".\n',
  )
  return 0
}

/** Starts the lab as a child of this process; resolves with nothing once it is up, else with the reason why not. */
function startLab() {
  lab = spawn(process.execPath, [program, 'lab', 'up', '--foreground', '--name', name], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  lab.stderr.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  return new Promise((resolve) => {
    lab.stdout.setEncoding('utf8').once('data', (text) => {
      process.stdout.write(`${text.split('\n')[0]}\n`)
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

function show(command) {
  process.stdout.write(`\n$ ${command}\n`)
}

function fail(why) {
  process.stdout.write(`\nThe demo failed after ${seconds()} s: ${why}\n`)
  return 1
}
