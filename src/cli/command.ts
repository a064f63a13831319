// What a command is to the program: a function from arguments to an exit code, loaded only when it is called.

/** Exit codes of `doctor`, `explain`, `trace` and every configuration error. */
export const EXIT = { ok: 0, causeProven: 1, usage: 2, inconclusive: 3 } as const

/** The process as a command sees it; tests hand in their own. */
export interface Io {
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
  readonly stdin: NodeJS.ReadableStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether colors may be used on stdout ({@link allowsColor}). */
  readonly color: boolean
}

export interface Command {
  readonly name: string
  /** One line for `fathom --help`. */
  readonly summary: string
  /** @throws {UsageError} for arguments that cannot be understood */
  run(args: readonly string[], io: Io): Promise<number>
}
