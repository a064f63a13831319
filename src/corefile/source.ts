// What parsing needs from outside: files and environment variables. This folder has neither of its own.

export interface CorefileSource {
  /** The file's text. @throws when it cannot be read; the message goes into "Could not import FILE: MESSAGE" */
  readonly readFile: (path: string) => string
  /** Names in a directory, in any order; empty when there is no such directory. */
  readonly list: (directory: string) => readonly string[]
  /** Undefined when nothing is there. */
  readonly kind: (path: string) => 'directory' | 'file' | undefined
  /** Undefined for a variable that is not set. */
  readonly env: (name: string) => string | undefined
}

/** No files and no environment: for text that stands alone. */
export const EMPTY_SOURCE: CorefileSource = {
  readFile: (path) => {
    throw new Error(`open ${path}: no such file or directory`)
  },
  list: () => [],
  kind: () => undefined,
  env: () => undefined,
}

/**
 * Replaces `{%NAME%}` and then `{$NAME}` by the variable's value, or by nothing when it is not set.
 *
 * Values are not searched again.
 */
export function replaceEnvironment(text: string, env: CorefileSource['env']): string {
  if (!text.includes('{%') && !text.includes('{$')) return text
  return text.replaceAll(
    /\{%([^%]+)%\}|\{\$([^}]+)\}/g,
    (_, percent?: string, dollar?: string) => env(percent ?? dollar ?? '') ?? '',
  )
}
