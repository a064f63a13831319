// What stands where nothing could be seen.

/** Not seen, and why; `needs` names the permission or place that would show it. A skipped probe never counts as passed. */
export interface Skipped {
  readonly kind: 'skipped'
  readonly why: string
  readonly needs?: string
}
