// The file that a pod has beside the one that kubelet would write for it today, line by line.
import { formatResolvConf, type ResolvConf } from './resolv-conf.ts'

/** One line of either file, in the order in which they would be read. */
export interface ComparedLine {
  readonly text: string
  readonly in: 'both' | 'computed' | 'observed'
}

export interface CompareOptions {
  /** What of the computed file rests on a node's file that was not seen; nothing is said about that part. Default: nothing. */
  readonly unseen?: 'all' | 'searches'
}

/**
 * Compares two files by what resolvers read of them.
 *
 * Comments, blank lines and the order of options say nothing: kubelet writes options in no order of its own.
 */
export function compareResolvConf(
  observed: ResolvConf,
  computed: ResolvConf,
  { unseen }: CompareOptions = {},
): ComparedLine[] {
  const left = linesOf(observed)
  if (unseen === 'all') return left.map((text) => ({ text, in: 'both' }))
  const begins = computed.searches.every((domain, at) => domain === observed.searches[at])
  const expected = unseen === 'searches' && begins ? { ...computed, searches: observed.searches } : computed
  const right = linesOf(
    alike(observed.options, expected.options) ? { ...expected, options: observed.options } : expected,
  )
  return merge(left, right)
}

function linesOf(conf: ResolvConf): string[] {
  return formatResolvConf(conf)
    .split('\n')
    .filter((line) => line !== '')
    .slice(0, MAX_LINES)
}

/** A container may have put anything there; no resolver reads more. */
const MAX_LINES = 64

function alike(left: readonly string[], right: readonly string[]): boolean {
  return left.toSorted().join(' ') === right.toSorted().join(' ')
}

/** The longest common subsequence stays, the rest belongs to one file only; files have a handful of lines. */
function merge(observed: readonly string[], computed: readonly string[]): ComparedLine[] {
  const [first, ...rest] = observed
  const [other, ...others] = computed
  if (first === undefined) return computed.map((text) => ({ text, in: 'computed' }))
  if (other === undefined) return observed.map((text) => ({ text, in: 'observed' }))
  if (first === other) return [{ text: first, in: 'both' }, ...merge(rest, others)]
  return observed.indexOf(other) >= 0 && !computed.includes(first)
    ? [{ text: first, in: 'observed' }, ...merge(rest, computed)]
    : [{ text: other, in: 'computed' }, ...merge(observed, others)]
}
