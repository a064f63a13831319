// The report of a capture as one page. Names in it come from strangers.
import type { CaptureReport } from '../../analysis/index.ts'
import { STYLE, markup, renderDocument, renderState } from '../../page/index.ts'
import type { Markup } from '../../page/index.ts'
import { FLOW_STYLE, renderFlowDiagram } from './flow-diagram.ts'
import type { Flow } from './flow.ts'
import { figureLines } from './render-summary.ts'
import { verdictOf, verdictText } from './verdict.ts'

/** Renders a report, with the flow of one transaction if there is one. */
export function renderPage(report: CaptureReport, flow: Flow | undefined): string {
  const { patterns } = report
  const state = ({ fault: 'failed', none: 'ok', open: 'skipped', empty: 'skipped' } as const)[verdictOf(report)]
  return renderDocument({
    language: 'en',
    title: `${verdictText(report)} - fathom pcap`,
    style: `${STYLE}${FLOW_STYLE}`,
    skip: 'Skip to the verdict',
    header: markup`fathom pcap, ${report.file.firstAt ?? 'no frames'}`,
    main: markup`<h1>${renderState(state, verdictText(report))}</h1>
${flow === undefined ? '' : renderFlowDiagram(flow)}${patterns.length === 0 ? '' : renderPatterns(patterns)}
<h2>Figures</h2>
<pre>${figureLines(report).join('\n')}</pre>
`,
  })
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
