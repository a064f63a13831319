// The guarded process's side of `-guard`: tells when it serves, and asks for the addresses where they cannot be shared.
import type { GuardMessage } from './guard.ts'

/** What a process started by a guard does at its start; undefined where there is no guard. */
export interface Guarded {
  /** Resolves once nobody stands in at the addresses anymore; at once when the guard is gone. */
  release(): Promise<void>
  serving(): void
}

/** Finds the guard above this process, if there is one. */
export function findGuard(): Guarded | undefined {
  if (process.send === undefined) return undefined
  const tell = (message: GuardMessage): void => {
    if (process.connected) process.send?.(message)
  }
  return {
    async release() {
      if (!process.connected) return
      await new Promise<void>((resolve) => {
        process.on('message', (message) => {
          if (message === 'released') resolve()
        })
        process.once('disconnect', () => resolve())
        tell('release')
      })
      // The channel must not keep a process alive that has nothing else to do.
      process.removeAllListeners('message')
    },
    serving: () => tell('serving'),
  }
}
