// A value that is not there yet, for the hot path of forwarded queries: no promise, no turn of the microtask queue, one object
// from the query to the response. Everything else awaits it as it would a promise.

type Change<T> = (value: T) => T | Eventual<T>

/** What is waited for: `await` takes both. */
export type Eventual<T> = Later<T> | Promise<T>

const WAITING = 0
const SETTLED = 1
const FAILED = 2
const TOLD = 3

/**
 * A value that one taker waits for; whoever passes it on may change it on its way.
 *
 * Changes and the taker run in the call that settles it, one after the other. One that throws fails it.
 */
export class Later<T> implements PromiseLike<T> {
  #state = WAITING
  /** While a change takes its time, what comes behind it waits. */
  #isHeld = false
  #value: T | undefined
  #error: unknown
  readonly #changes: Change<T>[] = []
  #changed = 0
  #resolved: ((value: T) => void) | undefined
  #failed: ((error: unknown) => void) | undefined

  /** Gives the value; only the first call counts. */
  settle(value: T): void {
    if (this.#state !== WAITING) return
    this.#state = SETTLED
    this.#value = value
    this.#run()
  }

  /** Ends the wait without a value; only the first call of this and {@link settle} counts. */
  fail(error: unknown): void {
    if (this.#state !== WAITING) return
    this.#state = FAILED
    this.#error = error
    this.#run()
  }

  /** Changes the value on its way, after the changes that were asked for before. Gives this very object. */
  map(change: Change<T>): this {
    this.#changes.push(change)
    if (this.#state !== WAITING && !this.#isHeld) this.#run()
    return this
  }

  /** Takes the value: once, and nothing is changed after that. Neither function may throw. */
  take(resolved: (value: T) => void, failed: (error: unknown) => void): void {
    this.#resolved = resolved
    this.#failed = failed
    if (this.#state !== WAITING && !this.#isHeld) this.#run()
  }

  /** For `await`. */
  // oxlint-disable-next-line unicorn/no-thenable -- to be awaited is what it is for
  then<Result1 = T, Result2 = never>(
    onResolved?: ((value: T) => PromiseLike<Result1> | Result1) | null,
    onFailed?: ((reason: unknown) => PromiseLike<Result2> | Result2) | null,
  ): Promise<Result1 | Result2> {
    return new Promise<T>((resolve, reject) => this.take(resolve, reject)).then(onResolved, onFailed)
  }

  #run(): void {
    while (this.#state === SETTLED && this.#changed < this.#changes.length) {
      const change = this.#changes[this.#changed] as Change<T>
      this.#changed += 1
      let next: T | Eventual<T>
      try {
        next = change(this.#value as T)
      } catch (error) {
        this.#state = FAILED
        this.#error = error
        break
      }
      if (isEventual(next)) {
        this.#hold(next)
        return
      }
      this.#value = next
    }
    if (this.#resolved === undefined || this.#state === TOLD) return
    const isSettled = this.#state === SETTLED
    this.#state = TOLD
    if (isSettled) this.#resolved(this.#value as T)
    else this.#failed?.(this.#error)
  }

  #hold(next: Eventual<T>): void {
    this.#isHeld = true
    takeEventual(
      next,
      (value) => {
        this.#isHeld = false
        this.#value = value
        this.#run()
      },
      (error) => {
        this.#isHeld = false
        this.#state = FAILED
        this.#error = error
        this.#run()
      },
    )
  }
}

/** Whether a value is still to come. */
export function isEventual<T>(value: T | Eventual<T>): value is Eventual<T> {
  return value instanceof Later || value instanceof Promise
}

/** Takes what is waited for. Neither function may throw. */
export function takeEventual<T>(
  eventual: Eventual<T>,
  resolved: (value: T) => void,
  failed: (error: unknown) => void,
): void {
  if (eventual instanceof Later) eventual.take(resolved, failed)
  else void eventual.then(resolved, failed)
}
