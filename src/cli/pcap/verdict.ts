// What a capture comes to: a fault, none, or nothing that proves either. Headline, color and exit code follow from it.
import type { CaptureReport } from '../../analysis/index.ts'
import { EXIT } from '../command.ts'

/** `open`: no pattern says what is wrong, and yet the capture does not show that nothing is; `empty`: no query in it. */
export type Verdict = 'fault' | 'none' | 'open' | 'empty'

/** Rcodes that answer a question; SERVFAIL and REFUSED are patterns, others say that the server did not understand it. */
const ANSWERING = new Set(['NOERROR', 'NXDOMAIN'])
/** Resolvers ask again or elsewhere after a second at the earliest. */
const LATE_MS = 1000

/**
 * Judges a report.
 *
 * Without a fault pattern it is `open` when a query stayed unanswered although the capture went on, when nothing was answered, and when
 * more than half of the responses have an rcode that answers nothing, or took a second or more. So it is when a fault may have been
 * seen, but too seldom to tell it from chance.
 */
export function verdictOf(report: CaptureReport): Verdict {
  const { patterns, dns } = report
  if (patterns.some(({ kind }) => kind === 'fault')) return 'fault'
  if (dns.transactions === 0) return 'empty'
  const isOpen =
    dns.unanswered > 0 ||
    possible(report).length > 0 ||
    isMost(errors(report).count, dns.answered) ||
    isMost(late(report), dns.answered)
  return isOpen || dns.answered === 0 ? 'open' : 'none'
}

/** 1 when there is a fault, 3 when nothing is proven or there was nothing to look at. */
export function exitCodeOf(report: CaptureReport): number {
  return { fault: EXIT.causeProven, none: EXIT.ok, open: EXIT.inconclusive, empty: EXIT.inconclusive }[
    verdictOf(report)
  ]
}

/** One line: the strongest fault, or that there is none, or why nothing is proven. */
export function verdictText(report: CaptureReport): string {
  const { patterns, dns, file } = report
  const verdict = verdictOf(report)
  if (verdict === 'empty')
    return `No DNS queries in ${file.frames} frames${file.frames === 0 ? '' : '; DNS on other ports than 53 needs --port'}`
  const [first, ...others] = patterns.filter(({ kind }) => kind === 'fault')
  if (first !== undefined) {
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`
    return `${first.code}: ${first.subject}: ${first.evidence[0]?.text ?? ''}${more}`
  }
  const { text: rcodes } = errors(report)
  const lateCount = late(report)
  const parts = [
    `${dns.answered} of ${dns.transactions} transactions answered`,
    ...(rcodes === '' ? [] : [`of them ${rcodes}`]),
    ...(isMost(lateCount, dns.answered) ? [`${lateCount} after a second or more`] : []),
    ...(dns.unanswered === 0 ? [] : [`${dns.unanswered} unanswered`]),
    ...(dns.unknown === 0 ? [] : [`${dns.unknown} cut off by the end of the capture`]),
  ]
  if (verdict === 'none') return `No fault: ${parts.join(', ')}`
  const maybe = possible(report).map(({ code, subject }) => `; possible: ${code} (${subject})`)
  const next =
    dns.unanswered === 0
      ? ''
      : '; --transactions --unanswered shows which, a capture at the server as well whether they came there'
  return `Nothing proven: ${parts.join(', ')}${maybe.join('')}${next}`
}

/** What is a fault where it is seen more often. */
function possible({ patterns }: CaptureReport): CaptureReport['patterns'] {
  return patterns.filter(({ code, kind }) => kind === 'observation' && code === 'conntrack-race')
}

function isMost(part: number, whole: number): boolean {
  return part * 2 > whole
}

function late({ histogram }: CaptureReport): number {
  return histogram.reduce((sum, { fromMs, count }) => sum + (fromMs >= LATE_MS ? count : 0), 0)
}

function errors({ dns }: CaptureReport): { readonly count: number; readonly text: string } {
  const found = Object.entries(dns.rcodes).filter(([rcode]) => !ANSWERING.has(rcode))
  return {
    count: found.reduce((sum, [, count]) => sum + count, 0),
    text: found.map(([rcode, count]) => `${count} ${rcode}`).join(', '),
  }
}
