// From a diagnosis to the report's JSON: the only place where keys become words.
import type { CauseCode, EvidenceLine } from '../causes/index.ts'
import { MAX_ORIGINS, formatEndpoint, formatPlace, wilsonInterval } from '../ladder/index.ts'
import type { Expectation, Observation, Phrase, Repeats, Rung, WireCapture } from '../ladder/index.ts'
import { unansweringReplicas } from '../verdict/index.ts'
import type { Diagnosis, Finding } from '../verdict/index.ts'
import { countersOf } from './counters.ts'
import type {
  DoctorReport,
  ReportCapture,
  ReportCluster,
  ReportFinding,
  ReportName,
  ReportRepeats,
  ReportRung,
} from './doctor-report.ts'
import { WordingError, fillTemplate } from './format-phrase.ts'
import type { Language } from './language.ts'
import { translateReason } from './translate-reason.ts'
import { WORDING } from './wording/index.ts'

/** Words a diagnosis in one language. */
export function buildReport(diagnosis: Diagnosis, language: Language): DoctorReport {
  const { ladder, verdict, asked } = diagnosis
  const words = wordsIn(language)
  return {
    schemaVersion: 1,
    language,
    cluster: clusterOf(diagnosis, language),
    ...(asked === undefined ? {} : { name: nameOf(asked, words) }),
    outcome: verdict.outcome,
    verdict: verdict.main === undefined ? null : { code: verdict.main.code, summary: words.summary(verdict.main) },
    causes: verdict.causes.map((finding) => findingOf(finding, words)),
    observations: verdict.observations.map((finding) => findingOf(finding, words)),
    excluded: verdict.excluded.map(({ code, subject, by }) => ({
      code,
      ...(subject === undefined ? {} : { subject }),
      by: words.line(code, by),
    })),
    notChecked: verdict.notChecked.map(({ code, subject, why, needs }) => ({
      code,
      ...(subject === undefined ? {} : { subject }),
      why: words.phrase(why),
      ...(needs === undefined ? {} : { needs: words.phrase(needs) }),
    })),
    unexplained: verdict.unexplained,
    ...unansweringOf(diagnosis, words),
    ladder: ladder.rungs.map((rung) => rungOf(rung, words)),
    ...(ladder.captures === undefined ? {} : { captures: ladder.captures.map(captureOf) }),
    ...(ladder.rungs.some(({ repeats }) => repeats !== undefined) ? { counters: countersOf(ladder) } : {}),
  }
}

function clusterOf({ facts, ladder }: Diagnosis, language: Language): ReportCluster {
  const { service, replicas, clusterDomain } = facts.dns
  return {
    source: facts.source.description,
    version: facts.serverVersion?.gitVersion ?? null,
    clusterDomain: clusterDomain.value,
    dnsService:
      service === undefined
        ? null
        : { name: `${service.service.meta.namespace}/${service.service.meta.name}`, addresses: service.clusterIPs },
    replicas: replicas.length,
    nodes: facts.nodes.length,
    ...askedNodesOf(ladder.rungs, facts.nodes.length),
    collectedAt: facts.collectedAt,
    ...(facts.source.calls === undefined ? {} : { apiCalls: facts.source.calls }),
    ...(ladder.ownDelayMs === undefined ? {} : { ownDelayMs: ladder.ownDelayMs }),
    missing: facts.missing.map(({ what, why, needs }) => ({
      what,
      why: translateReason(why, language),
      needs: translateReason(needs, language),
    })),
  }
}

function unansweringOf({ ladder }: Diagnosis, words: Words): Pick<DoctorReport, 'unanswering'> {
  const unanswering = unansweringReplicas(ladder).map(({ sign, transports, ...replica }) => {
    const values = { ...replica, transports: transports.map((transport) => transport.toUpperCase()) }
    return { server: replica.server, text: words.phrase({ key: `unanswering.${sign}`, values }) }
  })
  return unanswering.length === 0 ? {} : { unanswering }
}

/** A large cluster is not asked from everywhere. */
function askedNodesOf(rungs: readonly Rung[], nodes: number): Pick<ReportCluster, 'askedNodes'> {
  const asked = new Set(rungs.flatMap(({ from }) => (from.kind === 'node' ? [from.name] : []))).size
  return nodes <= MAX_ORIGINS || asked === 0 || asked >= nodes ? {} : { askedNodes: asked }
}

function nameOf({ asked, records, absence }: NonNullable<Diagnosis['asked']>, words: Words): ReportName {
  const { given, name, type } = asked
  return { given, name, type, expected: records, absence: absence === undefined ? null : words.phrase(absence) }
}

function findingOf(finding: Finding, words: Words): ReportFinding {
  const { code, status, subject, objects, evidence, fix, explains, causedBy } = finding
  return {
    code,
    status,
    title: words.title(code),
    summary: words.summary(finding),
    subject,
    objects,
    evidence: evidence.map((line) => ({ basis: line.basis, text: words.line(code, line) })),
    fix: { command: fix.command, ...words.fix(fix) },
    explains,
    ...(finding.status === 'suspected' ? { missing: finding.missing.map((phrase) => words.phrase(phrase)) } : {}),
    ...(causedBy === undefined ? {} : { causedBy }),
  }
}

function rungOf(rung: Rung, words: Words): ReportRung {
  const { id, hop, from, to, transport, purpose, question, attempts, result, equivalent, why, needs, stray } = rung
  return {
    id,
    hop: hop.kind,
    server: hop.name,
    ...(hop.node === undefined ? {} : { node: hop.node }),
    from: formatPlace(from),
    to: formatEndpoint(to),
    transport,
    purpose,
    question: question.kind === 'dns' ? `${question.name} ${typesOf(question)}` : question.path,
    expected: words.phrase(expectedPhrase(rung.expected)),
    observed: words.phrase(observedPhrase(rung.observed)),
    rttMs: rung.rttMs === undefined ? null : roundMs(rung.rttMs),
    elapsedMs: roundMs(rung.elapsedMs),
    attempts,
    result,
    ...(why === undefined ? {} : { why: words.phrase(why) }),
    ...(needs === undefined ? {} : { needs: words.phrase(needs) }),
    ...(stray.length === 0 ? {} : { stray: stray.map((phrase) => words.phrase(phrase)) }),
    equivalent,
    ...(rung.repeats === undefined ? {} : { repeats: repeatsOf(rung.repeats, words) }),
  }
}

function typesOf({ type, besideType }: Extract<Rung['question'], { kind: 'dns' }>): string {
  return besideType === undefined ? type : `${besideType} + ${type}`
}

function captureOf({ place, tookMs, frames, dropped, patterns }: WireCapture): ReportCapture {
  return { from: formatPlace(place), tookMs, packets: frames, dropped, patterns }
}

function repeatsOf({ asked, ok, failed, timeouts, failures, rttMs }: Repeats, words: Words): ReportRepeats {
  const { rate, low, high } = wilsonInterval(failed, asked)
  return {
    asked,
    ok,
    failed,
    timeouts,
    failureRate: { rate: roundRate(rate), low: roundRate(low), high: roundRate(high) },
    failures: failures.map(({ observed, why, count }) => ({
      observed: words.phrase(observedPhrase(observed)),
      why: words.phrase(why),
      count,
    })),
    rttMs:
      rttMs === undefined
        ? null
        : {
            least: roundMs(rttMs.least),
            median: roundMs(rttMs.median),
            p95: roundMs(rttMs.p95),
            greatest: roundMs(rttMs.greatest),
          },
  }
}

/** Four decimals: hundredths of a per cent. */
function roundRate(rate: number): number {
  return Math.round(rate * 10_000) / 10_000
}

function expectedPhrase(expected: Expectation): Phrase {
  switch (expected.kind) {
    case 'records':
      return expected.records.length === 0
        ? { key: 'expected.rcode', values: { rcode: expected.rcode } }
        : { key: 'expected.records', values: { rcode: expected.rcode, records: expected.records } }
    case 'answer':
      return { key: expected.mustExist ? 'expected.exists' : 'expected.any', values: {} }
    case 'no-denial':
      return { key: 'expected.no-denial', values: {} }
    case 'status':
      return { key: 'expected.status', values: { status: expected.status } }
  }
}

function observedPhrase(observed: Observation): Phrase {
  switch (observed.kind) {
    case 'response':
      return observed.records.length === 0
        ? { key: 'observed.empty', values: { rcode: observed.rcode } }
        : { key: 'observed.response', values: { rcode: observed.rcode, records: observed.records } }
    case 'status':
      return { key: 'observed.status', values: { status: observed.status, summary: observed.summary } }
    case 'timeout':
      return observed.pairs === undefined
        ? { key: 'observed.timeout', values: {} }
        : { key: 'observed.pairs', values: { count: observed.pairs.halved, asked: observed.pairs.asked } }
    case 'nothing':
      return { key: 'observed.nothing', values: {} }
    default:
      return { key: 'observed.detail', values: { kind: observed.kind, detail: observed.detail } }
  }
}

function roundMs(ms: number): number {
  return Math.round(ms * 10) / 10
}

/** `detail` is what somebody else said. */
function translateValues(values: Phrase['values'], language: Language): Phrase['values'] {
  const { detail } = values
  return typeof detail === 'string' ? { ...values, detail: translateReason(detail, language) } : values
}

/** Looks words up in one language and fills them. */
interface Words {
  title(code: CauseCode): string
  summary(finding: Finding): string
  line(code: CauseCode, line: EvidenceLine): string
  phrase(phrase: Phrase): string
  fix(fix: Phrase): { readonly explanation: string; readonly risk: string }
}

function wordsIn(language: Language): Words {
  const { causes, phrases, fixes } = WORDING[language]
  const fill = (template: string | undefined, { key, values }: Phrase): string => {
    if (template === undefined) throw new WordingError(`No wording for "${key}" in ${language}`)
    return fillTemplate(template, translateValues(values, language), language).trim()
  }
  return {
    title: (code) => causes[code].title,
    summary: ({ code, values, summary }) =>
      summary === undefined
        ? fill(causes[code].summary, { key: code, values })
        : fill(causes[code].lines[summary], { key: `${code} ${summary}`, values }),
    line: (code, { key, values }) => fill(causes[code].lines[key] ?? phrases[key], { key: `${code} ${key}`, values }),
    phrase: (phrase) => fill(phrases[phrase.key], phrase),
    fix: (fix) => ({
      explanation: fill(fixes[fix.key]?.explanation, fix),
      risk: fill(fixes[fix.key]?.risk, fix),
    }),
  }
}
