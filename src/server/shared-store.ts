// Things that outlive one configuration (HTTP listeners, watches, pools): counted by the configurations that use them.

/** All shared things of one server. */
export interface SharedStore {
  /** The view of one configuration. */
  open(): SharedScope
}

/** What one configuration uses. */
export interface SharedScope {
  get<T>(key: string, make: () => T, close?: (value: T) => void | Promise<void>): T
  /** Gives everything back; what nobody else uses is closed. Called twice it does nothing more. */
  release(): Promise<void>
}

interface Entry {
  readonly value: unknown
  readonly close: () => Promise<void>
  users: number
}

export function createSharedStore(): SharedStore {
  const entries = new Map<string, Entry>()
  return {
    open() {
      const used = new Set<string>()
      return {
        get<T>(key: string, make: () => T, close?: (value: T) => void | Promise<void>): T {
          let entry = entries.get(key)
          if (entry === undefined) {
            const value = make()
            entry = { value, close: async () => close?.(value), users: 0 }
            entries.set(key, entry)
          }
          if (!used.has(key)) {
            used.add(key)
            entry.users += 1
          }
          // The key names the type: one plugin makes and asks for it.
          return entry.value as T
        },
        async release() {
          const closing: Promise<void>[] = []
          for (const key of used) {
            const entry = entries.get(key)
            if (entry === undefined) continue
            entry.users -= 1
            if (entry.users > 0) continue
            entries.delete(key)
            closing.push(entry.close())
          }
          used.clear()
          await Promise.all(closing)
        },
      }
    },
  }
}
