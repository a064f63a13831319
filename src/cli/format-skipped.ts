// What was not seen, in one line.
import type { Skipped } from '../vantage/skipped.ts'

/** One line for a place that cannot be asked from. */
export function formatSkipped({ why, needs }: Skipped): string {
  return needs === undefined ? why : `${why}; needs: ${needs}`
}
