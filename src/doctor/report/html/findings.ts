// A cause with its proof and fix: the verdict's card, and the cards of the others.
import { markup, renderState } from '../../../page/index.ts'
import type { Markup } from '../../../page/index.ts'
import type { DoctorReport, ReportFinding } from '../doctor-report.ts'
import { fillTemplate } from '../format-phrase.ts'
import { WORDING } from '../wording/index.ts'

/** Cause, the first line of proof, fix, command, risk: what a person acts on; the rest of the proof opens. */
export function renderVerdict(finding: ReportFinding, report: DoctorReport): Markup {
  const { labels } = WORDING[report.language]
  return markup`<div class="card failed"><dl>
<dt>${labels.page.cause}</dt><dd>${renderState('failed', finding.title)}</dd>
${renderBody(finding, report)}
</dl></div>`
}

/** A proven or suspected cause beside the verdict, or one that follows from another. */
export function renderCause(finding: ReportFinding, report: DoctorReport): Markup {
  const { labels } = WORDING[report.language]
  const { status, code, summary, causedBy } = finding
  const state = status === 'proven' ? 'failed' : 'skipped'
  const word = status === 'proven' ? labels.alsoProven : labels.suspected
  const origin =
    causedBy === undefined
      ? ''
      : markup`<p class="soft">${fillTemplate(labels.consequenceOf, { code: causedBy }, report.language)}</p>`
  return markup`<article class="card ${state}"><h3>${renderState(state, word)} <code>${code}</code>${labels.colon}${summary}</h3>${origin}<dl>
${renderBody(finding, report)}
</dl></article>
`
}

function renderBody({ evidence, missing, fix, causedBy }: ReportFinding, report: DoctorReport): Markup {
  const { labels } = WORDING[report.language]
  const lines = evidence.map(({ basis, text }) => markup`<i>${labels.basis[basis]}</i> ${text}`)
  const [first = markup``, ...rest] = lines
  const more =
    rest.length === 0
      ? ''
      : markup`<details><summary>${fillTemplate(labels.more, { count: rest.length }, report.language)}</summary>${renderList(rest)}</details>`
  const open =
    missing === undefined ? '' : markup`<dt>${labels.wouldDecide}</dt><dd>${missing.join(labels.semicolon)}</dd>`
  const act =
    causedBy === undefined
      ? markup`<dt>${labels.fix}</dt><dd>${fix.explanation}<pre tabindex="0" role="region" aria-label="${labels.page.command}"><code>${fix.command}</code></pre></dd>
<dt>${labels.risk}</dt><dd>${fix.risk}</dd>`
      : ''
  return markup`<dt>${labels.proof}</dt><dd>${first}${more}</dd>
${open}${act}`
}

/** An unordered list; nothing without items. */
export function renderList(items: readonly Markup[]): Markup {
  return items.length === 0 ? markup`` : markup`<ul>${items.map((item) => markup`<li>${item}</li>`)}</ul>`
}
