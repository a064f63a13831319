// Figures as a table, and which bars hold.
import { BARS } from './cases.mjs'

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

export function printTable(results, print) {
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
  print('')
}

function whole(value) {
  return value === undefined ? '-' : value.toFixed(0)
}

/** Every bar whose case was run with its peer. */
export function judge(results) {
  const bars = BARS.flatMap(({ case: name, peer, figure, most }) => {
    const programs = results.find((one) => one.case === name)?.programs
    const [own, other] = [programs?.fathom?.[figure], programs?.[peer]?.[figure]]
    if (own === undefined || other === undefined) return []
    const ratio = own / other
    const text = `${name}: ${figure} ${ratio.toFixed(2)} of ${peer}'s, at most ${most}`
    return [{ case: name, peer, figure, ratio, most, holds: ratio <= most, text }]
  })
  const over = results.find((one) => one.case === 'cluster-a-over')?.programs.fathom
  if (over !== undefined) {
    bars.push({
      case: 'cluster-a-over',
      holds: over.lost === 0,
      text: `cluster-a-over: ${over.lost} datagrams lost, at most 0`,
    })
  }
  return bars
}
