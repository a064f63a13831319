// Takes cases through labs, several labs side by side, and prints a row for each as it ends.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { judgeReport } from './judge.mjs'
import { TestLab } from './lab.mjs'

/**
 * A case: what is put in, how it is taken out again, which questions are put to the doctor, and the causes that must be named.
 *
 * @typedef {{
 *   title: string,
 *   put: (lab: TestLab) => Promise<string | undefined>,
 *   takeOut?: (lab: TestLab) => Promise<string | undefined>,
 *   asks: { args: string[], expected: string[], allowed?: string[] }[],
 * }} Case
 */

const running = new Set()
const START_ATTEMPTS = 2
/** As many cases of a suite are tried again at most. */
const SECOND_TRIES = 10

let stopping

/** Ends every lab that runs; asked twice, as by two signals, it ends them once. */
export function stopAll() {
  stopping ??= Promise.all([...running].map((lab) => lab.stop()))
  return stopping
}

/**
 * Runs all cases of one kind of lab. What was not as it should be is tried once more at the end, alone and in a fresh lab, as a busy
 * machine can take from the doctor what it needed to see; not where so much was wrong that it cannot be chance.
 *
 * @param {{ title: string, labArgs: string[], cases: Case[] }} suite
 * @param {{ jobs: number, keep?: string, say: (line: string) => void }} options
 * @returns {Promise<{ passed: number, passedLate: number, failed: string[] }>} `passedLate` of `passed` at the second try
 */
export async function runSuite({ title, labArgs, cases }, { jobs, keep, say }) {
  const width = Math.max(...cases.map((one) => one.title.length))
  const row = (first, word, seconds, named) =>
    say([first.padEnd(width), word.padEnd(9), seconds.padStart(5), named].join('  '))
  const run = { title, labArgs, keep, row }
  say(`\n${title}: ${cases.length} cases\n`)
  row('put in', 'named', 's', 'in the report\'s order: "?" suspected, (…) a consequence')
  const missed = await runQueue(cases, { ...run, jobs, isFreshLab: false, mark: '' })
  const isChance = missed.length <= SECOND_TRIES
  if (missed.length > 0) {
    say(
      isChance
        ? `\n${title}, 2nd try: ${missed.length}\n`
        : `\n${title}: ${missed.length} missed, too many for a 2nd try`,
    )
  }
  const failed = isChance ? await runQueue(missed, { ...run, jobs: 1, isFreshLab: true, mark: '2nd try' }) : missed
  return {
    passed: cases.length - failed.length,
    passedLate: missed.length - failed.length,
    failed: failed.map((one) => one.title),
  }
}

/** Resolves with the cases that were not as they should be, in the order they were given. */
async function runQueue(cases, { jobs, isFreshLab, mark, title, labArgs, keep, row }) {
  const queue = [...cases]
  const missed = new Set()
  const work = async () => {
    let lab
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      if (isFreshLab && lab !== undefined) lab = await stopLab(lab)
      const started = lab ?? (await startLab(labArgs))
      if (typeof started === 'string') {
        row(one.title, 'no lab', '', named(mark, started))
        missed.add(one)
        continue
      }
      lab = started
      const results = await tryCase(lab, one)
      // What cannot be taken out takes the lab with it.
      const left = one.takeOut === undefined ? 'new' : await one.takeOut(lab)
      if (left !== undefined) lab = await stopLab(lab)
      if (left !== undefined && left !== 'new')
        results.push({ passed: false, word: 'not healed', seconds: 0, named: left })
      for (const result of results) row(one.title, result.word, result.seconds.toFixed(1), named(mark, result.named))
      if (results.some((result) => !result.passed)) missed.add(one)
      if (keep !== undefined) keepReports(keep, `${title} ${one.title} ${mark}`.trim(), results)
    }
    if (lab !== undefined) await stopLab(lab)
  }
  await Promise.all(Array.from({ length: Math.min(jobs, cases.length) }, work))
  return cases.filter((one) => missed.has(one))
}

function named(mark, text) {
  return mark === '' ? text : `${mark}: ${text}`
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
