// The signals by which somebody at a terminal ends a program.
export const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const

/** Calls the listener at the first of each. */
export function onInterrupt(listener: () => void): void {
  for (const signal of SIGNALS) process.once(signal, listener)
}
