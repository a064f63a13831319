// How far a mistyped word is from one that exists.

/**
 * Counts the insertions, deletions, substitutions and swaps of neighbors between two texts (optimal string alignment).
 *
 * @param limit larger distances are given as `limit + 1`
 */
export function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) > limit) return limit + 1
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, at) => at)
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row]
    let best = row
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1]
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      )
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1)
      }
      current.push(cost)
      best = Math.min(best, cost)
    }
    if (best > limit) return limit + 1
    beforeLast = last
    last = current
  }
  return last[right.length] ?? limit + 1
}

/** The candidates that a text is probably a mistyped form of, closest first; a third of its letters may differ, at most 3. */
export function closestTexts(text: string, candidates: Iterable<string>, most = 3): string[] {
  const limit = Math.min(3, Math.max(1, Math.floor(text.length / 3)))
  const close: { readonly candidate: string; readonly distance: number }[] = []
  for (const candidate of candidates) {
    const distance = editDistance(text, candidate, limit)
    if (distance > 0 && distance <= limit) close.push({ candidate, distance })
  }
  return close
    .toSorted((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, most)
    .map(({ candidate }) => candidate)
}
