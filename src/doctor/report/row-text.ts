// The words of a ladder row, shared by the renderers that draw tables.
import { wilsonInterval } from '../ladder/index.ts'
import { fillTemplate } from './format-phrase.ts'
import type { LadderCell, LadderRow } from './ladder-rows.ts'
import type { Language } from './language.ts'
import { WORDING } from './wording/index.ts'

/** Most places that are named in one cell. */
const MAX_PLACES = 2

/** `replica coredns-x 10.233.74.65 (node4)`: the namespace is in the JSON, a table has no room for it. */
export function hopText({ hop, server, node, address }: LadderRow, language: Language): string {
  const label = WORDING[language].labels.hops[hop]
  const name = server.replace(/^[^/]*\//, '')
  const at = node === undefined || node === name ? '' : ` (${node})`
  return `${label} ${name}${address === '' || address === name ? '' : ` ${address}`}${at}`
}

export function fromText({ from }: LadderRow, language: Language): string {
  const { nodes, here } = WORDING[language].labels
  const names = from.map((place) => (place === 'here' ? here : place.replace(/^node\//, '')))
  return names.length > MAX_PLACES ? fillTemplate(nodes, { count: names.length }, language) : names.join(', ')
}

/** `ok 3/3 1-2 ms`, `failed 2/2: no response`, `skipped`; empty without a cell. */
export function cellText(cell: LadderCell | undefined, language: Language): string {
  if (cell === undefined) return ''
  const { results, colon } = WORDING[language].labels
  const word = results[cell.result]
  if (cell.result === 'skipped') return word
  const because = cell.why === undefined ? '' : colon + cell.why
  if (cell.result === 'intermittent') return `${word} ${rateText(cell.count, cell.all, language)}${because}`
  const count = ` ${cell.count}/${cell.all}`
  if (cell.result === 'failed') return `${word}${count}${because}`
  return `${word}${count}${cell.rttMs === undefined ? '' : ` ${timeText(cell.rttMs)}`}`
}

/** `57/600 failed, 9.5 % (95 %: 7.4-12.1 %)`. */
export function rateText(failed: number, asked: number, language: Language): string {
  const { rate, low, high } = wilsonInterval(failed, asked)
  const percent = (share: number): string => (share * 100).toFixed(1)
  const values = { failed, asked, rate: percent(rate), low: percent(low), high: percent(high) }
  return fillTemplate(WORDING[language].labels.failureRate, values, language)
}

/** `1-2 ms`. */
export function timeText({ least, greatest }: { readonly least: number; readonly greatest: number }): string {
  const [from, to] = [formatMs(least), formatMs(greatest)]
  return from === to ? `${to} ms` : `${from}-${to} ms`
}

/** One decimal below 10 ms. */
export function formatMs(ms: number): string {
  return ms < 10 ? ms.toFixed(1).replace(/\.0$/, '') : String(Math.round(ms))
}
