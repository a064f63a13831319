// The report of a capture as one page that needs nothing else: no script, no font, no network. Names in it come from strangers.
import { createHash } from 'node:crypto'
import type { CaptureReport } from '../../analysis/index.ts'
import { markup } from '../../doctor/report/html/escape.ts'
import type { Markup } from '../../doctor/report/html/escape.ts'
import { renderState } from '../../doctor/report/html/state.ts'
import { STYLE } from '../../doctor/report/html/style.ts'
import { FLOW_STYLE, renderFlowDiagram } from './flow-diagram.ts'
import type { Flow } from './flow.ts'
import { figureLines } from './render-summary.ts'
import { verdictOf, verdictText } from './verdict.ts'

const PAGE_STYLE = `${STYLE}${FLOW_STYLE}`
const STYLE_HASH = createHash('sha256').update(PAGE_STYLE).digest('base64')
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'`

/** Renders a report, with the flow of one transaction if there is one. */
export function renderPage(report: CaptureReport, flow: Flow | undefined): string {
  const { patterns } = report
  const state = ({ fault: 'failed', none: 'ok', open: 'skipped', empty: 'skipped' } as const)[verdictOf(report)]
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${verdictText(report)} - fathom pcap</title>
<style>${{ html: PAGE_STYLE }}</style>
</head>
<body>
<a class="skip" href="#verdict">Skip to the verdict</a>
<header><span class="soft">fathom pcap, ${report.file.firstAt ?? 'no frames'}</span></header>
<main id="verdict" tabindex="-1">
<h1>${renderState(state, verdictText(report))}</h1>
${flow === undefined ? '' : renderFlowDiagram(flow)}${patterns.length === 0 ? '' : renderPatterns(patterns)}
<h2>Figures</h2>
<pre>${figureLines(report).join('\n')}</pre>
</main>
</body>
</html>
`.html
}

function renderPatterns(patterns: CaptureReport['patterns']): Markup {
  return markup`<h2>Patterns</h2>
<ul>
${patterns.map(
  ({
    code,
    kind,
    count,
    subject,
    evidence,
  }) => markup`<li>${renderState(kind === 'fault' ? 'failed' : 'none', kind)} <strong>${code}</strong> (${count}): ${subject}<ul>
${evidence.map(({ text, frames }) => markup`<li>${text}${frames.length === 0 ? '' : ` [frames ${frames.join(', ')}]`}</li>`)}
</ul></li>
`,
)}</ul>
`
}
