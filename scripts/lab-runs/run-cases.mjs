// Takes cases through labs, several labs side by side, and prints a row for each as it ends.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { judgeReport } from './judge.mjs'
import { TestLab } from './lab.mjs'

/**
 * A case: what is put in, how it is taken out again, why it is known to be missed, which questions are put to the doctor, and the causes that must be named.
 *
 * @typedef {{
 *   title: string,
 *   put: (lab: TestLab) => Promise<string | undefined>,
 *   known?: string,
 *   takeOut?: (lab: TestLab) => Promise<string | undefined>,
 *   asks: { args: string[], expected: string[], allowed?: string[] }[],
 * }} Case
 */

const running = new Set()
const START_ATTEMPTS = 2

let stopping

/** Ends every lab that runs; asked twice, as by two signals, it ends them once. */
export function stopAll() {
  stopping ??= Promise.all([...running].map((lab) => lab.stop()))
  return stopping
}

/**
 * Runs all cases of one kind of lab.
 *
 * @param {{ title: string, labArgs: string[], cases: Case[] }} suite
 * @param {{ jobs: number, keep?: string, say: (line: string) => void }} options
 * @returns {Promise<{ passed: number, failed: string[], known: string[] }>}
 */
export async function runSuite({ title, labArgs, cases }, { jobs, keep, say }) {
  say(`\n${title}: ${cases.length} cases\n`)
  const width = Math.max(...cases.map((one) => one.title.length))
  const row = (first, word, seconds, named) =>
    say([first.padEnd(width), word.padEnd(9), seconds.padStart(5), named].join('  '))
  row('put in', 'named', 's', 'in the report\'s order: "?" suspected, (…) a consequence')
  const queue = [...cases]
  const failed = []
  const known = []
  let passed = 0
  const work = async () => {
    let lab
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const started = lab ?? (await startLab(labArgs))
      if (typeof started === 'string') {
        row(one.title, 'no lab', '', started)
        failed.push(one.title)
        continue
      }
      lab = started
      const results = await tryCase(lab, one)
      // What cannot be taken out takes the lab with it.
      const left = one.takeOut === undefined ? 'new' : await one.takeOut(lab)
      if (left !== undefined) lab = await stopLab(lab)
      if (left !== undefined && left !== 'new')
        results.push({ passed: false, word: 'not healed', seconds: 0, named: left })
      for (const { word, seconds, named } of results) row(one.title, word, seconds.toFixed(1), named)
      const isGood = results.every((result) => result.passed)
      if (isGood) passed += 1
      else if (one.known === undefined) failed.push(one.title)
      else known.push(`${one.title}: ${one.known}`)
      if (keep !== undefined) keepReports(keep, `${title} ${one.title}`, results)
    }
    if (lab !== undefined) await stopLab(lab)
  }
  await Promise.all(Array.from({ length: Math.min(jobs, cases.length) }, work))
  return { passed, failed, known }
}

async function tryCase(lab, { put, asks }) {
  const why = await put(lab)
  if (why !== undefined) return [{ passed: false, word: 'failed', seconds: 0, named: why }]
  const results = []
  for (const { args, ...meant } of asks) {
    const answer = await lab.ask(args)
    results.push({ ...judgeReport(answer, meant), seconds: answer.seconds, report: answer.report, args })
  }
  return results
}

/** A lab, or why there is none: a busy machine may need a second try. */
async function startLab(labArgs) {
  let why
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt += 1) {
    const lab = new TestLab(labArgs)
    running.add(lab)
    why = await lab.start()
    if (why === undefined) return lab
    await stopLab(lab)
  }
  return `The lab did not start: ${why}`
}

async function stopLab(lab) {
  await lab.stop()
  running.delete(lab)
}

function keepReports(folder, title, results) {
  mkdirSync(folder, { recursive: true })
  for (const [index, { report, args }] of results.entries()) {
    if (report === undefined) continue
    const file = `${title.replaceAll(/[^\w.+-]+/g, '-')}${index === 0 ? '' : `-${index}`}.json`
    writeFileSync(join(folder, file), `${JSON.stringify({ args, ...report }, undefined, 1)}\n`)
  }
}
