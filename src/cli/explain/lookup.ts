// One question to one result: the way to the server that decides, what its plugins do, and what the objects say.
import { formatRData, lowerName, type DomainName, type ResourceRecord } from '../../dns/index.ts'
import {
  describeAbsence,
  type Absence,
  type Reason,
  type ReasonedRecord,
  type SchemaAnswer,
} from '../../kube/schema/index.ts'
import { readAs } from './read-as.ts'
import { addReasons } from './reasons.ts'
import { routeQuery, type Hop, type PluginStep } from '../../route/index.ts'
import type { Decision, ExplainedRecord, Lookup } from './explanation.ts'
import type { Model, Question } from './model.ts'

export interface LookupFrom {
  /** Nameservers of the asker, in order. */
  readonly nameservers: readonly string[]
  /** Node of the asker; empty when unknown. */
  readonly node: string
  readonly suffix: string | null
}

/** ExternalName chains are followed this far, as in CoreDNS. */
const MOST_CNAMES = 10

/** Answers as the first nameserver would; the ones after it are only asked when it stays silent. */
export function explainLookup(model: Model, question: Question, from: LookupFrom): Lookup {
  const hops = routeQuery({ ...question, nameservers: from.nameservers, node: from.node }, model.route).servers
  const first = hops[0]
  const way = first === undefined ? undefined : wayToDecision(first)
  const base = {
    ...question,
    suffix: from.suffix,
    asked: true,
    answer: [],
    additional: [],
    authority: [],
    readAs: readAs(question.name, model.kubernetes.schema.zones),
    absence: null as Lookup['absence'],
  }
  const finish = (lookup: Lookup): Lookup => addReasons(model.facts, lookup)
  if (first === undefined || way === undefined) {
    return finish({ ...base, ...decideWithoutServers(model, question, hops) })
  }
  const decide = (step: PluginStep | undefined): Decision => decision(way, { step, hops })
  let passed: Lookup['absence'] = null
  for (const step of way.steps) {
    if (step.effect === 'renames') continue
    if (step.kubernetes === undefined) return { ...base, absence: passed, ...decideByPlugin(step, decide(step)) }
    const answer = model.ask({ ...question, name: nameAt(way.steps, step, question.name) }, step.kubernetes.schema)
    const isMiss = answer.kind === 'nxdomain' || answer.kind === 'not-in-zone'
    if (isMiss && step.effect === 'answers-or-passes') {
      if (answer.kind === 'nxdomain') passed = absenceOf(answer.absence)
      continue
    }
    return finish({ ...base, ...fromSchema(model, { question, answer, from }), decidedBy: decide(step) })
  }
  const decidedBy = decide(undefined)
  if (way.hop.kind === 'upstream' || way.hop.kind === 'unknown') {
    return { ...base, result: 'elsewhere', rcode: null, decidedBy }
  }
  const refused = way.hop.block === undefined && way.hop.note?.includes('REFUSED') === true
  if (way.hop.block === undefined && !refused) {
    return finish({ ...base, ...decideWithoutServers(model, question, hops) })
  }
  return { ...base, result: refused ? 'refused' : 'servfail', rcode: refused ? 'REFUSED' : 'SERVFAIL', decidedBy }
}

type Outcome = Pick<Lookup, 'absence' | 'additional' | 'answer' | 'authority' | 'decidedBy' | 'rcode' | 'result'>

// --- The server that decides ---

interface Way {
  readonly hop: Hop
  readonly labels: readonly string[]
  readonly steps: readonly PluginStep[]
  /** Upstreams that the deciding server forwards to. */
  readonly upstreams: readonly string[]
}

/** Goes down the first branch, past servers that only hand the question on to another of the cluster's. */
function wayToDecision(first: Hop): Way {
  const labels: string[] = []
  let hop = first
  for (;;) {
    labels.push(hop.label)
    const next = hop.next[0]
    const forwards = hop.steps.at(-1)?.forward !== undefined || hop.kind === 'dns-service'
    const isOnward = next !== undefined && next.kind !== 'upstream' && next.kind !== 'unknown'
    const onlyForwards = hop.steps.every((step) => step.forward !== undefined || step.effect === 'renames')
    if (!forwards || !isOnward || !onlyForwards) break
    hop = next
  }
  const upstreams = [...new Set(upstreamsOf(first))]
  return { hop, labels, steps: hop.steps, upstreams }
}

/** Of all branches: replicas on different nodes may have different ones. */
function upstreamsOf(hop: Hop): string[] {
  return hop.next.flatMap((next) => (next.kind === 'upstream' ? [next.address] : upstreamsOf(next)))
}

function decision(way: Way, at: { readonly step: PluginStep | undefined; readonly hops: readonly Hop[] }): Decision {
  const { step, hops } = at
  return {
    path: way.labels,
    plugin: step?.plugin ?? null,
    at: step === undefined ? null : `${step.at.file}:${step.at.line}`,
    text: step?.text ?? way.hop.note ?? way.hop.label,
    upstreams: step?.forward === undefined ? [] : way.upstreams,
    hops,
  }
}

function decideByPlugin(
  step: PluginStep,
  decidedBy: Decision,
): Omit<Outcome, 'absence' | 'additional' | 'answer' | 'authority'> {
  const isForward = step.forward !== undefined
  return { result: isForward ? 'elsewhere' : 'overridden', rcode: null, decidedBy }
}

function nameAt(steps: readonly PluginStep[], until: PluginStep, name: DomainName): DomainName {
  const renamed = steps.slice(0, steps.indexOf(until)).findLast((step) => step.name !== undefined)?.name
  return renamed === undefined || renamed === lowerName(name) ? name : renamed
}

/** No Corefile or no server was seen: the objects answer by the usual options, and names outside are the upstreams'. */
function decideWithoutServers(model: Model, question: Question, hops: readonly Hop[]): Outcome {
  const answer = model.ask(question)
  const text =
    model.optionsFrom === ''
      ? "CoreDNS's usual configuration, as no Corefile was seen"
      : `the kubernetes directive of ${model.optionsFrom}`
  const decidedBy: Decision = {
    path: hops.slice(0, 1).map(({ label }) => label),
    plugin: 'kubernetes',
    at: null,
    text,
    upstreams: [],
    hops,
  }
  const empty = { answer: [], additional: [], authority: [], absence: null }
  if (answer.kind === 'not-in-zone') {
    const elsewhere = {
      ...decidedBy,
      plugin: 'forward',
      text: "the upstreams of the cluster's DNS servers, which were not seen",
    }
    return { ...empty, result: 'elsewhere', rcode: null, decidedBy: elsewhere }
  }
  return { ...empty, ...fromSchema(model, { question, answer, from: undefined }), decidedBy }
}

// --- What the objects say ---

interface FromSchema {
  readonly question: Question
  readonly answer: SchemaAnswer
  readonly from: LookupFrom | undefined
}

function fromSchema(model: Model, { question, answer, from }: FromSchema): Omit<Outcome, 'decidedBy'> {
  const empty = { answer: [], additional: [], authority: [], absence: null }
  switch (answer.kind) {
    case 'records':
      return {
        ...empty,
        result: 'records',
        rcode: 'NOERROR',
        answer: answer.answer.map(explainRecord),
        additional: answer.additional.map(explainRecord),
      }
    case 'delegate':
      return {
        ...empty,
        result: 'records',
        rcode: 'NOERROR',
        answer: [...answer.answer.map(explainRecord), ...follow(model, question, { target: answer.target, depth: 1 })],
      }
    case 'nodata':
    case 'nxdomain':
    case 'unsynced': {
      return {
        ...empty,
        result: answer.kind === 'nodata' ? 'nodata' : 'nxdomain',
        rcode: answer.kind === 'nodata' ? 'NOERROR' : 'NXDOMAIN',
        authority: [plainRecord(answer.soa, 'start of authority of the zone')],
        absence: absenceOf(answer.absence),
      }
    }
    case 'refused':
      return {
        ...empty,
        result: 'refused',
        rcode: 'REFUSED',
        absence: { code: 'no-transfer', text: 'the zone is not given as a whole' },
      }
    case 'not-in-zone':
      return {
        ...empty,
        result: 'elsewhere',
        rcode: null,
        absence: from === undefined ? null : { code: 'not-in-zone', text: 'it is in none of the zones' },
      }
  }
}

function absenceOf(absence: Absence): Lookup['absence'] {
  return { code: absence.code, text: describeAbsence(absence) }
}

/** What the server appends for an ExternalName whose target is in the cluster too. */
function follow(
  model: Model,
  question: Question,
  { target, depth }: { readonly target: DomainName; readonly depth: number },
): ExplainedRecord[] {
  if (question.type === 'CNAME' || depth > MOST_CNAMES) return []
  const next = model.ask({ ...question, name: target })
  if (next.kind === 'records') return next.answer.map(explainRecord)
  if (next.kind !== 'delegate') return []
  return [...next.answer.map(explainRecord), ...follow(model, question, { target: next.target, depth: depth + 1 })]
}

/** Gives a record its text and its reason. */
export function explainRecord(record: ReasonedRecord): ExplainedRecord {
  const { reason } = record
  return { ...plainRecord(record, reason.text), object: reason.object ?? null, field: fieldOf(reason) }
}

function plainRecord(record: ResourceRecord, why: string): ExplainedRecord {
  const { name, ttl, type, rdata } = record
  const text = `${name} ${ttl} ${record.class} ${type} ${formatRData(rdata)}`
  return { text, name, ttl, type, rdata, object: null, field: '', why }
}

function fieldOf(reason: Reason): string {
  return reason.object === undefined ? '' : reason.field
}
