// The root of every error this program throws on purpose: a stable code, a sentence a person can act on.

/**
 * An expected failure: what went wrong, why, with which value, and what to do.
 *
 * Messages read "Cannot do X: why, value, limit" in sentence case without a final period.
 * Anything thrown that is not a `BaseError` is a defect in this program.
 */
export class BaseError<Code extends string = string> extends Error {
  readonly code: Code

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

export type UsageErrorCode =
  | 'bad-argument'
  | 'bad-configuration'
  | 'missing-argument'
  | 'unknown-command'
  | 'unknown-option'

/** The command line or a configuration file is wrong; the program exits with 2. */
export class UsageError extends BaseError<UsageErrorCode> {}

/** Too little of the cluster could be seen to begin with what was asked: neither right nor wrong. */
export class UnseenError extends BaseError<'unseen'> {
  constructor(message: string) {
    super('unseen', message)
  }
}

/** One line that says what went wrong, for any thrown value; never a stack trace. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause =
    error.cause instanceof Error && !error.message.includes(error.cause.message) ? `: ${error.cause.message}` : ''
  return (error.message + cause).split('\n').join(' ')
}
