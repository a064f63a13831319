// What a lookup carries from attempt to attempt, whether it asks one question or transfers a zone.
import type { Transport } from '../../net/index.ts'
import type { AskingPlace } from './asking-place.ts'
import type { Server } from './servers.ts'
import type { Settings } from './settings.ts'

export interface LookupContext {
  readonly place: AskingPlace
  /** The arguments to repeat in the greeting; undefined when it was printed already. */
  readonly greetingArgs: readonly string[] | undefined
  /** Eight unpredictable octets that stay the same for the whole run (RFC 7873 §4.1). */
  readonly clientCookie: Uint8Array
  readonly drawId: () => number
  readonly print: (text: string) => void
}

/** What one lookup carries from attempt to attempt. */
export interface Run {
  readonly settings: Settings
  readonly context: LookupContext
  readonly servers: readonly Server[]
  transport: Transport
  cookie: Uint8Array
  ednsVersion: number | undefined
  /** Printed before the first thing that comes of the lookup; then empty. */
  greeting: string
}

/** dig's exit code when a response came, whatever its rcode. */
export const EXIT_RESPONSE = 0
/** dig's exit code when none came. */
export const EXIT_NO_RESPONSE = 9

/** dig's defaults: 5 s over UDP, 10 s over TCP. */
export function timeoutMs({ timeoutSeconds }: Settings, transport: Transport): number {
  return 1000 * (timeoutSeconds ?? (transport === 'tcp' ? 10 : 5))
}

/** Prints the greeting if it was not printed yet. */
export function printGreeting(run: Run): void {
  run.context.print(run.greeting)
  run.greeting = ''
}
