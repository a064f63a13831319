// What a report is worth: whether the causes that were put in are named, and first, and what is named beside them.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const CAUSE_PAGES = fileURLToPath(new URL('../../docs/causes/', import.meta.url))

/**
 * Causes that may be less than proven, by the catalogue of root causes: a configuration fact that healthy clusters show too is an
 * observation as long as nothing fails by it.
 */
const LEAST = new Map([
  ['replicas-on-one-node', 'observed'],
  ['coredns-metrics-unavailable', 'observed'],
  ['forward-metrics-renamed', 'observed'],
  ['lameduck-missing-or-too-long', 'observed'],
  ['readiness-probe-on-health', 'observed'],
  ['too-many-nameservers', 'observed'],
  ['too-many-search-domains', 'observed'],
  ['ndots-query-amplification', 'observed'],
  ['multiple-ptr-records', 'observed'],
  ['corefile-not-reloaded', 'observed'],
  // Their proof needs the image's os-release, and no image runs in a lab.
  ['musl-no-tcp-fallback', 'observed'],
  ['musl-parallel-queries', 'suspected'],
  // Its proof needs the rules of the cloud.
  ['cloud-firewall-blocks-dns', 'suspected'],
  // How long the program itself waits cannot be seen from outside.
  ['nodejs-threadpool-exhausted', 'suspected'],
])
const LEVELS = ['proven', 'suspected', 'observed']

/** Whether the run passes with this report, the word for it, and what is named, in order; `allowed` is in as well, but need not show; with `isUnanswering` no cause, but the replica that answers nobody. */
export function judgeReport({ report, status, stderr }, { expected, allowed = [], isUnanswering = false }) {
  if (report === undefined) return { passed: false, word: 'failed', named: stderr.trim().split('\n')[0] ?? '' }
  const roots = report.causes.filter(({ causedBy }) => causedBy === undefined)
  const named = namesOf(report)
  if (isUnanswering) {
    const isSaid = report.verdict === null && (report.unanswering ?? []).length === 1
    return { passed: isSaid, word: isSaid ? 'said' : 'MISSED', named }
  }
  if (expected.length === 0) {
    const isClean = report.outcome === 'healthy' && status === 0
    return { passed: isClean, word: isClean ? 'healthy' : 'BLAMED', named }
  }
  const levels = expected.map((code) => ({ code, level: levelOf(report, code) }))
  const weak = levels.filter(({ code, level }) => LEVELS.indexOf(level) === -1 || isLess(level, LEAST.get(code)))
  if (weak.length > 0) {
    const word = weak.every(({ code }) => !existsSync(`${CAUSE_PAGES}${code}.md`))
      ? 'no check'
      : wordFor(weak, expected)
    return { passed: word === 'no check', word, named }
  }
  // What explains no failure stands below every cause: any cause before it would be one that nobody put in.
  const isMeant = (code) => expected.includes(code) || allowed.includes(code)
  const strangers = roots.filter(({ code, status: level }) => level === 'proven' && !isMeant(code))
  const [first] = roots
  if (first !== undefined && !isMeant(first.code)) return { passed: false, word: 'BEHIND', named }
  if (strangers.length > 0) return { passed: false, word: 'BLAMED', named }
  return { passed: true, word: expected.length > 1 ? 'both' : (levels[0]?.level ?? ''), named }
}

function wordFor(weak, expected) {
  const missing = weak.filter(({ level }) => level === undefined)
  if (missing.length === 0) return weak[0]?.level ?? ''
  return expected.length === 1 ? 'MISSED' : `MISSED ${missing.map(({ code }) => code).join(', ')}`
}

/** `undefined` where the report does not name the cause. */
function levelOf({ causes, observations }, code) {
  const found = causes.filter((cause) => cause.code === code).map(({ status }) => status)
  if (found.length > 0) return found.includes('proven') ? 'proven' : 'suspected'
  return observations.some((finding) => finding.code === code) ? 'observed' : undefined
}

function isLess(level, least = 'proven') {
  return LEVELS.indexOf(level) > LEVELS.indexOf(least)
}

/** All causes in the report's order: `?` behind suspected ones, consequences in brackets, `×3` for several subjects. */
function namesOf({ causes, outcome }) {
  const names = causes.map(({ code, status, causedBy }) => {
    const name = status === 'proven' ? code : `${code}?`
    return causedBy === undefined ? name : `(${name})`
  })
  const counts = new Map()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  const all = [...counts].map(([name, count]) => (count > 1 ? `${name} ×${count}` : name))
  return all.length > 0 ? all.join(', ') : `[${outcome}]`
}
