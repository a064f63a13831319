// Lines of a report that more than one renderer for people prints, without color or markup.
import type { DoctorReport, ReportRung } from './doctor-report.ts'
import { fillTemplate } from './format-phrase.ts'
import type { Language } from './language.ts'
import { rateText } from './row-text.ts'
import { translateReason } from './translate-reason.ts'
import { WORDING } from './wording/index.ts'

/** What to know of the ladder as a whole: from how few nodes was asked, how late this program itself was. */
export function ladderNotes({ cluster, language }: DoctorReport): string[] {
  const { askedNodes, nodes, ownDelayMs } = cluster
  const { someNodes, ownDelay } = WORDING[language].labels
  return [
    ...(askedNodes === undefined ? [] : [fillTemplate(someNodes, { count: askedNodes, all: nodes }, language)]),
    ...(ownDelayMs === undefined ? [] : [fillTemplate(ownDelay, { ms: ownDelayMs }, language)]),
  ]
}

/** Pods that were to be asked from and could not: whatever the verdict is, nothing of it was seen there. */
export function unaskedPods({ ladder, language }: DoctorReport): string[] {
  const pods = new Map<string, { asked: number; skipped: ReportRung[] }>()
  for (const rung of ladder) {
    if (!rung.from.startsWith('pod/') || rung.transport === 'http') continue
    const { asked, skipped } = pods.get(rung.from) ?? { asked: 0, skipped: [] }
    const isSkipped = rung.result === 'skipped'
    pods.set(rung.from, { asked: asked + (isSkipped ? 0 : 1), skipped: isSkipped ? [...skipped, rung] : skipped })
  }
  return [...pods].flatMap(([from, { asked, skipped }]) => {
    const [first] = skipped
    if (asked > 0 || first === undefined) return []
    const values = { pod: from.slice('pod/'.length), count: skipped.length, why: first.why ?? '' }
    return [fillTemplate(WORDING[language].labels.unaskedPod, values, language)]
  })
}

/** The headline where no cause is proven: what fails or is suspected, as far as it can be said in one line. */
export function outcomeText(report: DoctorReport): string {
  const { outcome, observations, language } = report
  const { labels } = WORDING[language]
  if (outcome === 'healthy') {
    const count = observations.length
    return (
      labels.healthy + (count === 0 ? '' : labels.comma + fillTemplate(labels.withObservations, { count }, language))
    )
  }
  return [labels.inconclusive, ...openMatters(report)].join(labels.semicolon)
}

/** The first suspicion, else the first server that fails; that too little was seen, where that is so. */
function openMatters(report: DoctorReport): string[] {
  const { causes, language, ladder, unanswering = [], unexplained } = report
  const { labels } = WORDING[language]
  const [suspicion] = causes
  const [failing] = unexplainedGroups(report)
  const open = new Set(unexplained)
  const silent = unanswering.find(({ server }) => ladder.some((rung) => rung.server === server && open.has(rung.id)))
  const sawDns = ladder.some(
    ({ result, hop, transport }) =>
      (result === 'ok' || result === 'intermittent') &&
      transport === 'udp' &&
      (hop === 'dns-service' || hop === 'node-cache' || hop === 'nameserver'),
  )
  const skipped = ladder.filter(({ result }) => result === 'skipped').length
  const found =
    suspicion !== undefined
      ? [`${labels.suspected}${labels.colon}${suspicion.summary}`]
      : silent !== undefined
        ? [silent.text]
        : failing === undefined
          ? []
          : [
              `${labels.fails}${labels.colon}${serverText(failing.rung, report)}${labels.comma}${whyText(failing.rung, language)}`,
            ]
  if (!sawDns) {
    const count = forbiddenLists(report)
    return [...found, isBlind(report) ? fillTemplate(labels.forbiddenLists, { count }, language) : labels.tooLittle]
  }
  if (found.length > 0) return found
  return [fillTemplate(labels.muchSkipped, { count: skipped, all: ladder.length }, language)]
}

/** Most of the API server's lists: without them no cause that objects show can be told. */
const MOST_LISTS = 7

/** Whether rights were missing for most of what was to be read. */
export function isBlind(report: DoctorReport): boolean {
  return forbiddenLists(report) >= MOST_LISTS
}

function forbiddenLists({ cluster, language }: DoctorReport): number {
  const forbidden = translateReason('forbidden', language)
  return cluster.missing.filter(({ why }) => why === forbidden).length
}

/** `replica kube-system/coredns-x UDP`. */
function serverText({ hop, server, transport }: ReportRung, { language }: Pick<DoctorReport, 'language'>): string {
  return `${WORDING[language].labels.hops[hop]} ${server} ${transport.toUpperCase()}`
}

/** The name asked about and what the cluster's objects say of it; undefined when none was given. */
export function nameText({ name, language }: DoctorReport): string | undefined {
  if (name === undefined) return undefined
  const { labels } = WORDING[language]
  const asked = `${name.name.replace(/(.)\.$/, '$1')} ${name.type}`
  if (name.absence !== null) {
    return `${asked}${labels.colon}${fillTemplate(labels.doesNotResolve, { why: name.absence }, language)}`
  }
  if (name.expected.length === 0) return `${asked}${labels.colon}${labels.outside}`
  return `${asked}${labels.colon}${fillTemplate(labels.resolves, { expected: name.expected }, language)}`
}

/** A reason, and what would take it away. */
export function reasonText(
  { why, needs }: { readonly why?: string; readonly needs?: string },
  { language }: DoctorReport,
): string {
  const { labels } = WORDING[language]
  return `${why ?? ''}${needs === undefined ? '' : `${labels.semicolon}${labels.needs}${labels.colon}${needs}`}`
}

/** Causes that were not checked, a line for each reason; of each so many by name, and how many more. */
export function notCheckedLines(
  report: DoctorReport,
  mostNamed: number = Infinity,
): { readonly codes: string; readonly reason: string }[] {
  const reasons = new Map<string, Map<string, string[]>>()
  for (const one of report.notChecked) {
    const reason = reasonText(one, report)
    const codes = reasons.get(reason) ?? new Map<string, string[]>()
    codes.set(one.code, [...(codes.get(one.code) ?? []), ...(one.subject === undefined ? [] : [one.subject.name])])
    reasons.set(reason, codes)
  }
  const name = ([code, subjects]: [string, string[]]): string =>
    subjects.length === 0 ? code : `${code} (${fillTemplate('{subjects}', { subjects }, report.language)})`
  const { comma, more } = WORDING[report.language].labels
  return [...reasons].map(([reason, codes]) => {
    const names = [...codes].map(name)
    // One that is left over is named: its name is hardly longer than saying so.
    const isLong = names.length > mostNamed + 1
    const left = fillTemplate(more, { count: names.length - mostNamed }, report.language)
    return { codes: (isLong ? [...names.slice(0, mostNamed), left] : names).join(comma), reason }
  })
}

/** Codes that were excluded and are neither cause nor observation for another subject. */
export function excludedCodes({ excluded, causes, observations }: DoctorReport): string[] {
  const codes = [...new Set(excluded.map(({ code }) => code))]
  return codes.filter((code) => ![...causes, ...observations].some((found) => found.code === code))
}

/** One server that fails one question, from wherever and over whatever. */
interface UnexplainedGroup {
  readonly rung: ReportRung
  readonly count: number
  /** Each once, in the order of the ladder. */
  readonly places: readonly string[]
}

/** Unexplained rungs; one server that fails one question is said once, with all places. */
export function unexplainedGroups(report: DoctorReport): UnexplainedGroup[] {
  const byId = new Map(report.ladder.map((rung) => [rung.id, rung]))
  const groups = new Map<string, UnexplainedGroup>()
  for (const rung of report.unexplained.flatMap((id) => byId.get(id) ?? [])) {
    const key = `${rung.hop} ${rung.server} ${rung.question}`
    const { rung: first = rung, count = 0, places = [] } = groups.get(key) ?? {}
    groups.set(key, { rung: first, count: count + 1, places: [...new Set([...places, rung.from])] })
  }
  // What never works tells more than what fails at times because of it, and a server more than those that ask it.
  const rank = ({ rung }: { readonly rung: ReportRung }): number =>
    (rung.result === 'intermittent' ? DEPTH.length : 0) + DEPTH.indexOf(rung.hop)
  return [...groups.values()].toSorted((a, b) => rank(a) - rank(b))
}

/** Servers, each before those that ask it; others first. */
const DEPTH: readonly ReportRung['hop'][] = ['upstream', 'replica', 'dns-service', 'node-cache', 'nameserver']

/** `replica kube-system/coredns-x UDP <- node1, node2: NAME TYPE: no response`. */
export function rungText(
  { rung, places }: Pick<UnexplainedGroup, 'places' | 'rung'>,
  { language }: DoctorReport,
): string {
  const { labels } = WORDING[language]
  const named = places.map((place) => (place === 'here' ? labels.here : place.replace(/^node\//, '')))
  const from = fillTemplate('{named}', { named }, language)
  return `${serverText(rung, { language })} <- ${from}${labels.colon}${rung.question}${labels.colon}${whyText(rung, language)}`
}

/** Why it failed; of what failed at times also how often. */
export function whyText({ result, why = '', repeats }: ReportRung, language: Language): string {
  if (result !== 'intermittent' || repeats === undefined) return why
  return `${why}${WORDING[language].labels.comma}${rateText(repeats.failed, repeats.asked, language)}`
}

/** Counters of `--repeat`, a line each. */
export function counterLines({ counters = [], language }: DoctorReport): string[] {
  const { counter } = WORDING[language].labels
  return counters.map(({ of, counter: name, growth, seconds }) =>
    fillTemplate(counter, { of, counter: name, growth, seconds }, language),
  )
}
