// Figures as a table, and which bars hold.
import { BARS, MEMORY_BARS } from './cases.mjs'

const COLUMNS = [
  ['program', 9],
  ['answers/s', 11],
  ['CPU us', 8],
  ['p50 us', 8],
  ['p99 us', 8],
  ['lost', 6],
  ['RSS MB', 8],
  ['CPU, Fathom = 1', 17],
]

export function printTable({ results, memory }, print) {
  for (const { title, programs } of results) {
    print(`\n${title}`)
    print(COLUMNS.map(([name, width], index) => (index === 0 ? name.padEnd(width) : name.padStart(width))).join(''))
    for (const [name, one] of Object.entries(programs)) {
      const ratio = one.cpuMicros / programs.fathom.cpuMicros
      const cells = [one.perSecond.toFixed(0), one.cpuMicros.toFixed(2), whole(one.p50Micros), whole(one.p99Micros)]
      cells.push(String(one.lost), one.rssMb.toFixed(0), ratio.toFixed(2))
      print(name.padEnd(COLUMNS[0][1]) + cells.map((cell, index) => cell.padStart(COLUMNS[index + 1][1])).join(''))
    }
  }
  for (const { title, rssMb } of memory) print(`\nFathom, ${title}: ${rssMb.toFixed(0)} MB resident`)
  print('')
}

function whole(value) {
  return value === undefined ? '-' : value.toFixed(0)
}

/** Every bar whose case was run with its peer. Ratios are taken round by round, so that what disturbs one round disturbs no other. */
export function judge({ results, memory }) {
  const bars = BARS.flatMap(({ case: name, peer, figure, most }) => {
    const programs = results.find((one) => one.case === name)?.programs
    const [own, other] = [programs?.fathom?.rounds, programs?.[peer]?.rounds]
    if (own === undefined || other === undefined) return []
    const ratios = own.map((round, index) => round[figure] / other[index][figure]).toSorted((a, b) => a - b)
    const ratio = middle(ratios)
    const range = { least: ratios[0], largest: ratios.at(-1) }
    return [{ case: name, what: `${figure} to ${peer}'s`, peer, figure, ratio, ...range, most, holds: ratio <= most }]
  })
  const over = results.find((one) => one.case === 'cluster-a-over')?.programs.fathom
  if (over !== undefined) {
    bars.push({ case: 'cluster-a-over', what: 'datagrams lost', ratio: over.lost, most: 0, holds: over.lost === 0 })
  }
  for (const { case: name, most } of MEMORY_BARS) {
    const rssMb = memory.find((one) => one.case === name)?.rssMb
    if (rssMb !== undefined) bars.push({ case: name, what: 'MB resident', ratio: rssMb, most, holds: rssMb <= most })
  }
  return bars
}

export function printBars(bars, print) {
  print(`${'bar'.padEnd(16)}${'of'.padEnd(26)}${'is'.padStart(8)}${'rounds'.padStart(14)}${'at most'.padStart(9)}`)
  for (const { case: name, what, ratio, least, largest, most, holds } of bars) {
    const rounds = least === undefined ? '' : `${least.toFixed(2)}-${largest.toFixed(2)}`
    const is = least === undefined ? ratio.toFixed(0) : ratio.toFixed(2)
    const cells = [is.padStart(8), rounds.padStart(14), String(most).padStart(9)].join('')
    print(`${name.padEnd(16)}${what.padEnd(26)}${cells}  ${holds ? 'holds' : 'MISSED'}`)
  }
}

/** Field by field, with the rounds they are taken from. */
export function summarize(rounds) {
  const of = (key) => middle(rounds.map((round) => round[key]).toSorted((a, b) => a - b))
  const keys = ['perSecond', 'cpuMicros', 'p50Micros', 'p99Micros', 'rssMb']
  const lost = rounds.reduce((sum, round) => sum + round.lost, 0)
  return { ...Object.fromEntries(keys.map((key) => [key, of(key)])), lost, rounds }
}

function middle(sorted) {
  return sorted[Math.floor(sorted.length / 2)]
}
