// Log lines in CoreDNS's form, without timestamps: `[LEVEL] plugin/NAME: TEXT`.
import type { Logger } from './plugin.ts'

/** Where a server's log lines go. */
export interface Log {
  /** A logger whose lines start with `plugin/NAME: `, or with nothing. */
  for(plugin?: string): Logger
  /** One line as it is, such as `[FATAL] …`. */
  line(text: string): void
  /** Whether DEBUG lines are written. */
  setDebug(enabled: boolean): void
  /** Hands over what waits; the log writes at most once per turn of the event loop. */
  flush(): void
}

/** Above this the log does not wait for the end of the turn. */
const MAX_WAITING_CHARACTERS = 64 * 1024

/** Makes a log on top of something that takes text. */
export function createLog(write: (text: string) => void): Log {
  let waiting = ''
  let planned = false
  let debug = false

  function flush(): void {
    if (waiting === '') return
    const text = waiting
    waiting = ''
    write(text)
  }
  function line(text: string): void {
    waiting += `${text}\n`
    if (waiting.length > MAX_WAITING_CHARACTERS) flush()
    else if (!planned) {
      planned = true
      setImmediate(() => {
        planned = false
        flush()
      })
    }
  }

  return {
    line,
    flush,
    setDebug(enabled) {
      debug = enabled
    },
    for(plugin) {
      const prefix = plugin === undefined ? '' : `plugin/${plugin}: `
      return {
        debug: (text) => {
          if (debug) line(`[DEBUG] ${prefix}${text}`)
        },
        info: (text) => line(`[INFO] ${prefix}${text}`),
        warning: (text) => line(`[WARNING] ${prefix}${text}`),
        error: (text) => line(`[ERROR] ${prefix}${text}`),
      }
    },
  }
}
