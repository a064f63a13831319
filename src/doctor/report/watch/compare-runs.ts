// What changed from one run of the doctor to the next: findings that came or went, and the outcome. Pure.
import type { DoctorReport, ReportFinding } from '../doctor-report.ts'

/** One thing that a run found: a cause, or a server that fails without a proven one. */
interface State {
  readonly kind: 'cause' | 'failing'
  /** The cause's code, or the kind of hop. */
  readonly code: string
  /** The cause's subject, or the server. */
  readonly subject: string
  readonly status: 'failing' | 'proven' | 'suspected'
  readonly summary: string
  /** The first command of the fix, or of the failed probe. */
  readonly command: string
}

/** A difference between two runs. `outcome` changes come first. */
export type Change =
  | {
      readonly kind: 'outcome'
      readonly outcome: DoctorReport['outcome']
      /** Null with the first run. */
      readonly previous: DoctorReport['outcome'] | null
      /** How long the previous outcome held, in seconds; null with the first run. */
      readonly afterSeconds: number | null
    }
  | ({ readonly change: 'appeared' } & State)
  /** Suspected before and proven now, or the other way round. */
  | ({ readonly change: 'changed'; readonly previous: State['status'] } & State)
  | ({ readonly change: 'ended'; readonly afterSeconds: number } & State)

interface Known {
  readonly state: State
  readonly sinceMs: number
}

/** What a watch remembers: what the last run found and since when, and nothing of earlier runs. */
export interface Memory {
  readonly outcome?: { readonly value: DoctorReport['outcome']; readonly sinceMs: number }
  readonly known: ReadonlyMap<string, Known>
}

export const NOTHING_KNOWN: Memory = { known: new Map() }

/** Holds a report against what is remembered; gives the differences and what to remember from now on. */
export function compareRuns(
  memory: Memory,
  report: DoctorReport,
  nowMs: number,
): { readonly changes: readonly Change[]; readonly memory: Memory } {
  const { outcome } = report
  const changes: Change[] = []
  const hasChanged = memory.outcome?.value !== outcome
  if (hasChanged) {
    const { value: previous = null, sinceMs } = memory.outcome ?? {}
    changes.push({ kind: 'outcome', outcome, previous, afterSeconds: secondsSince(sinceMs, nowMs) })
  }
  const known = new Map<string, Known>()
  for (const state of statesOf(report)) {
    const key = `${state.kind} ${state.code} ${state.subject}`
    if (known.has(key)) continue
    const before = memory.known.get(key)
    if (before === undefined) changes.push({ change: 'appeared', ...state })
    else if (before.state.status !== state.status) {
      changes.push({ change: 'changed', previous: before.state.status, ...state })
    }
    known.set(key, { state, sinceMs: before?.sinceMs ?? nowMs })
  }
  for (const [key, { state, sinceMs }] of memory.known) {
    if (known.has(key)) continue
    changes.push({ change: 'ended', afterSeconds: secondsSince(sinceMs, nowMs) ?? 0, ...state })
  }
  const since = hasChanged ? nowMs : (memory.outcome?.sinceMs ?? nowMs)
  return { changes, memory: { outcome: { value: outcome, sinceMs: since }, known } }
}

function statesOf(report: DoctorReport): State[] {
  return [...report.causes.map(causeState), ...failingStates(report)]
}

function causeState({ code, subject, status, summary, fix }: ReportFinding): State {
  return { kind: 'cause', code, subject: subject.name, status, summary, command: firstLine(fix.command) }
}

/** Servers of which something failed that no proven cause explains; each once, whatever it failed from where. */
function failingStates({ ladder, unexplained }: DoctorReport): State[] {
  const failed = new Set(unexplained)
  const servers = new Map<string, State>()
  for (const { id, hop, server, why = '', equivalent } of ladder) {
    if (!failed.has(id) || servers.has(`${hop} ${server}`)) continue
    const state = { code: hop, subject: server, summary: why, command: equivalent }
    servers.set(`${hop} ${server}`, { kind: 'failing', status: 'failing', ...state })
  }
  return [...servers.values()]
}

function firstLine(text: string): string {
  return text.split('\n').find((line) => !line.startsWith('#')) ?? ''
}

function secondsSince(sinceMs: number | undefined, nowMs: number): number | null {
  return sinceMs === undefined ? null : Math.round((nowMs - sinceMs) / 100) / 10
}
