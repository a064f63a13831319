// Latency as strips: a stroke for each response, one scale for all strips, so that a slow hop stands out.
import { markup } from '../../../page/index.ts'
import type { Markup } from '../../../page/index.ts'
import type { DoctorReport, ReportRung } from '../doctor-report.ts'
import { fillTemplate } from '../format-phrase.ts'
import { timesOf } from '../ladder-rows.ts'
import { formatMs, timeText } from '../row-text.ts'
import { WORDING } from '../wording/index.ts'

/** Milliseconds at the ends of the scale: a loopback answer, a resolver's patience. */
const SCALE = { least: 0.1, greatest: 10_000 }
const WIDTH = 400
/** Most strokes of one strip; more would not be told apart. */
const MAX_STROKES = 400

/** Strips by hop and transport; none when nothing brought a response. */
export function renderPlots(report: DoctorReport): Markup[] {
  const groups = new Map<string, ReportRung[]>()
  for (const rung of report.ladder) {
    if (rung.result === 'skipped') continue
    const key = `${rung.hop} ${rung.transport}`
    const own = groups.get(key)
    if (own === undefined) groups.set(key, [rung])
    else own.push(rung)
  }
  return [...groups.values()].map((rungs) => renderPlot(rungs, report))
}

function renderPlot(rungs: readonly ReportRung[], { language }: DoctorReport): Markup {
  const { labels } = WORDING[language]
  const times = rungs.flatMap(timesOf).toSorted((a, b) => a - b)
  const [least, greatest, median] = [times[0], times.at(-1), times[Math.floor((times.length - 1) / 2)]]
  const lost = rungs.reduce((sum, rung) => sum + lostOf(rung), 0)
  const said = [
    ...(least === undefined || greatest === undefined || median === undefined
      ? []
      : [timeText({ least, greatest }), fillTemplate(labels.page.median, { median: formatMs(median) }, language)]),
    ...(lost === 0 ? [] : [fillTemplate(labels.page.noResponse, { count: lost }, language)]),
  ].join(labels.comma)
  const name = rungs[0] === undefined ? '' : `${labels.hops[rungs[0].hop]} ${rungs[0].transport.toUpperCase()}`
  const strokes = [...new Set(times.map(placeOf))].slice(0, MAX_STROKES).map((x) => `M${x} 2V22`)
  return markup`<figure><figcaption><b>${name}</b> ${said}</figcaption>
<svg class="plot" viewBox="0 0 ${WIDTH} 24" preserveAspectRatio="none" role="img" aria-label="${name}${labels.colon}${said}"><path d="${strokes.join('')}" vector-effect="non-scaling-stroke"/></svg></figure>
`
}

function lostOf({ rttMs, repeats }: ReportRung): number {
  return repeats === undefined ? Number(rttMs === null) : repeats.timeouts
}

/** What the strips' scale is. */
export function scaleText({ language }: DoctorReport): string {
  return fillTemplate(WORDING[language].labels.page.latencyScale, SCALE, language)
}

function placeOf(ms: number): number {
  const share = Math.log(Math.max(ms, SCALE.least) / SCALE.least) / Math.log(SCALE.greatest / SCALE.least)
  return Math.round(2 + Math.min(share, 1) * (WIDTH - 4))
}
