// Whether what goes to a stream may carry colors.

/** What of a stream decides. */
interface Stream {
  /** Absent, not false, on pipes and files. */
  readonly isTTY?: boolean
}

/**
 * Tells whether `stream` may get colors: a terminal that knows them, and nobody said no by `--no-color` or a non-empty
 * `NO_COLOR` (https://no-color.org). Pipes and files get none, whatever `CI` or `FORCE_COLOR` say: reports are read by programs.
 */
export function allowsColor(
  stream: Stream,
  env: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
): boolean {
  const isRefused = args.includes('--no-color') || (env['NO_COLOR'] ?? '') !== ''
  return stream.isTTY === true && env['TERM'] !== 'dumb' && !isRefused
}
