// What changed, a line each with its time: what `--watch` prints.
import picocolors from 'picocolors'
import type { DoctorReport } from '../doctor-report.ts'
import { fillTemplate } from '../format-phrase.ts'
import type { Language } from '../language.ts'
import { outcomeText } from '../report-lines.ts'
import { displayWidth, padToWidth } from '../width.ts'
import { WORDING } from '../wording/index.ts'
import type { Labels } from '../wording/index.ts'
import type { Change } from './compare-runs.ts'

export interface ChangesOptions {
  readonly report: DoctorReport
  /** RFC 3339. */
  readonly time: string
  readonly color: boolean
}

type Paint = (text: string) => string

/** Renders changes as lines that each begin with the time; what appeared is followed by the command that acts on it. */
export function renderChanges(changes: readonly Change[], { report, time, color }: ChangesOptions): string {
  const { labels } = WORDING[report.language]
  const paint = picocolors.createColors(color)
  const lines = changes.flatMap((change) => {
    const { word, tint, text, command } = describe(change, report, { labels, paint })
    const head = `${paint.dim(time)}  ${tint(padWord(word, labels))}  ${text}`
    return command === '' ? [head] : [head, paint.dim(`${' '.repeat(time.length + 2)}$ ${command}`)]
  })
  return lines.map((line) => `${line}\n`).join('')
}

/** Renders that a run came to no report, and why. */
export function renderUnreadable(
  why: string,
  { language, time, color }: { readonly language: Language; readonly time: string; readonly color: boolean },
): string {
  const { labels } = WORDING[language]
  const paint = picocolors.createColors(color)
  return `${paint.dim(time)}  ${paint.yellow(padWord(labels.watch.unreadable, labels))}  ${why}\n`
}

interface Described {
  readonly word: string
  readonly tint: Paint
  readonly text: string
  /** Empty where there is nothing to do. */
  readonly command: string
}

function describe(
  change: Change,
  report: DoctorReport,
  { labels, paint }: { readonly labels: Labels; readonly paint: ReturnType<typeof picocolors.createColors> },
): Described {
  const after = (seconds: number | null): string =>
    seconds === null
      ? ''
      : `${labels.comma}${fillTemplate(labels.watch.after, { duration: formatDuration(seconds) }, report.language)}`
  if ('outcome' in change) {
    const tint = { healthy: paint.green, inconclusive: paint.yellow, proven: paint.red }[change.outcome]
    // The cause has a line of its own.
    const said = report.verdict === null ? outcomeText(report) : report.verdict.code
    return { word: labels.watch[change.outcome], tint, text: said, command: '' }
  }
  const { kind, code, subject, summary } = change
  const what = kind === 'cause' ? `${code}${labels.colon}` : ''
  const where = kind === 'cause' ? '' : `${labels.hops[code as keyof Labels['hops']]} ${subject}${labels.colon}`
  if (change.change === 'ended') {
    const ended = kind === 'cause' ? `${code} ${subject}` : `${labels.hops[code as keyof Labels['hops']]} ${subject}`
    const word = kind === 'cause' ? labels.watch.cured : labels.watch.answers
    return { word, tint: paint.green, text: `${ended}${after(change.afterSeconds)}`, command: '' }
  }
  const tint = change.status === 'suspected' ? paint.yellow : paint.red
  return { word: labels.watch[change.status], tint, text: `${what}${where}${summary}`, command: change.command }
}

/** Words of one width, so that what follows stands in one column. */
function padWord(word: string, labels: Labels): string {
  const { after: _, ...words } = labels.watch
  return padToWidth(word, Math.max(...Object.values(words).map(displayWidth)))
}

/** `42 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`. */
function formatDuration(seconds: number): string {
  const whole = Math.round(seconds)
  const parts = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  if (first === -1) return '0 s'
  return parts
    .slice(first, first + 2)
    .filter(([count], index) => index === 0 || count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}
