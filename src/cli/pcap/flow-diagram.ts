// A flow as a drawing in a page: a line down for each address, an arrow for each message; and as a table, which says the same to who
// does not see it.
import { markup } from '../../page/index.ts'
import type { Markup } from '../../page/index.ts'
import type { Flow, FlowMessage } from './flow.ts'

const LEFT = 130
const HEAD = 40
const ROW = 52
/** Widths in the drawing's units, which are pixels while it is not made smaller. */
const COLUMN = 300
const CHARACTER = 7.5
const ARROW = 9

/** CSS of the drawing and nothing else, for the page's style sheet. */
export const FLOW_STYLE = `
.flow{overflow-x:auto;margin:.5rem 0}
.flow svg{display:block;font:13px system-ui,sans-serif;fill:var(--ink);stroke:none}
.flow text{paint-order:stroke;stroke:var(--ground);stroke-width:4px}
.flow line{stroke:var(--soft)}.flow .life{stroke-dasharray:4 4}.flow .arrow{stroke:var(--accent);stroke-width:2}.flow .response{stroke:var(--ok)}
.flow polygon{fill:var(--accent)}.flow polygon.response{fill:var(--ok)}.flow .soft{fill:var(--soft)}
`

/** Draws a flow. */
export function renderFlowDiagram({ number, name, participants, messages }: Flow): Markup {
  const column = Math.max(COLUMN, ...participants.map((label) => label.length * CHARACTER + 20))
  const xOf = (index: number): number => LEFT + column * (index + 0.5)
  const width = LEFT + column * participants.length
  const height = HEAD + ROW * messages.length + 20
  return markup`<h2 id="flow">Transaction ${number}: ${name}</h2>
<div class="flow" tabindex="0" role="region" aria-labelledby="flow"><svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" aria-hidden="true">
${participants.map((label, index) => markup`<text x="${xOf(index)}" y="20" text-anchor="middle">${label}</text><line class="life" x1="${xOf(index)}" y1="30" x2="${xOf(index)}" y2="${height}"/>`)}
${messages.map((message, index) => renderArrow(message, { y: HEAD + ROW * (index + 0.6), xOf }))}
</svg></div>
<details><summary>The same as a table</summary><table><thead><tr><th scope="col">After, ms</th><th scope="col">From</th><th scope="col">To</th><th scope="col">Message</th><th scope="col">Frame</th><th scope="col">Seen at</th></tr></thead><tbody>
${messages.map((message) => renderRow(message, participants))}
</tbody></table></details>
`
}

interface Place {
  readonly y: number
  readonly xOf: (index: number) => number
}

function renderArrow(message: FlowMessage, { y, xOf }: Place): Markup {
  const { from, to, isResponse, afterMs, place, note } = message
  const [x1, x2] = [xOf(from), from === to ? xOf(to) + 40 : xOf(to)]
  const kind = isResponse ? 'response' : 'query'
  const back = x2 > x1 ? -ARROW : ARROW
  const middle = (x1 + x2) / 2
  return markup`<text class="soft" x="4" y="${y + 4}">+${afterMs} ms</text><line class="arrow ${kind}" x1="${x1}" y1="${y}" x2="${x2}" y2="${y}"/><polygon class="${kind}" points="${x2},${y} ${x2 + back},${y - 5} ${x2 + back},${y + 5}"/><text x="${middle}" y="${y - 7}" text-anchor="middle">${message.transport} ${message.what}</text><text class="soft" x="${middle}" y="${y + 16}" text-anchor="middle">frame ${message.frame}, ${place}${note === '' ? '' : `; ${note}`}</text>
`
}

function renderRow(message: FlowMessage, participants: readonly string[]): Markup {
  const { afterMs, from, to, transport, what, note, frame, place } = message
  return markup`<tr><td data-label="After, ms">+${afterMs}</td><td data-label="From">${participants[from] ?? ''}</td><td data-label="To">${participants[to] ?? ''}</td><td data-label="Message">${transport} ${what}${note === '' ? '' : ` (${note})`}</td><td data-label="Frame">${frame}</td><td data-label="Seen at">${place}</td></tr>
`
}
