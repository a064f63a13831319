// What controllers are given.
import type { ObjectStore } from '../object-store.ts'

export interface ControllerOptions {
  readonly store: ObjectStore
  /** Whether the lab runs a program in this container, which then reports readiness itself. */
  readonly runsProgram: (container: Readonly<Record<string, unknown>>) => boolean
}
