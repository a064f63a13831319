// The life of a serving process: signals, fatal messages, exit codes.
import { describeError } from '../base/index.ts'
import type { Server } from '../server/index.ts'
import { EXIT } from './command.ts'
import type { Io } from './command.ts'

/** What the process shows around its server. */
export interface SuperviseOptions {
  readonly io: Io
  /** Printed once the server runs. */
  readonly banner: string
}

const INTERRUPTED_TWICE = 2
const FATAL = 1

/** Runs a server until a signal or a fatal message ends it. Rejects when it cannot start. */
export async function superviseServer(
  start: (onFatal: (message: string) => void) => Promise<Server>,
  { io, banner }: SuperviseOptions,
): Promise<number> {
  const say = (line: string): void => {
    io.stdout.write(`${line}\n`)
  }
  let end: (code: number) => void = () => {}
  const ended = new Promise<number>((resolve) => {
    end = resolve
  })
  const signals = new Map<NodeJS.Signals, () => void>()
  let server: Server | undefined
  let interrupts = 0

  const stop = (): void => {
    if (server === undefined) end(EXIT.ok)
    else void server.stop().then(() => end(EXIT.ok))
  }
  signals.set('SIGTERM', () => {
    say('[INFO] SIGTERM: Shutting down servers then terminating')
    stop()
  })
  signals.set('SIGINT', () => {
    interrupts += 1
    if (interrupts > 1) {
      say('[INFO] SIGINT: Force quit')
      process.exit(INTERRUPTED_TWICE)
    }
    say('[INFO] SIGINT: Shutting down')
    stop()
  })
  signals.set('SIGQUIT', () => {
    say('[INFO] SIGQUIT: Quitting process immediately')
    process.exit(EXIT.ok)
  })
  signals.set('SIGUSR1', () => {
    say('[INFO] SIGUSR1: Reloading')
    server?.reload().catch((error: unknown) => say(`[ERROR] SIGUSR1: ${describeError(error)}`))
  })
  signals.set('SIGUSR2', () =>
    say('[WARNING] SIGUSR2: an upgrade of the running program is not offered; start the new one'),
  )
  signals.set('SIGHUP', () => {})

  for (const [signal, listener] of signals) process.on(signal, listener)
  try {
    server = await start(() => process.exit(FATAL))
    io.stdout.write(banner)
    return await ended
  } finally {
    for (const [signal, listener] of signals) process.off(signal, listener)
  }
}
