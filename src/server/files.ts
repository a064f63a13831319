// The local file system as plugins and the Corefile's imports see it.
import { readFileSync, readdirSync, statSync } from 'node:fs'
import type { CorefileSource } from '../corefile/index.ts'
import type { Files } from './plugin.ts'

/** This machine's files. */
export const systemFiles: Files = {
  readText: (path) => readFileSync(path, 'utf8'),
  stat(path) {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined) return undefined
    return { mtimeMs: found.mtimeMs, sizeBytes: found.size, isDirectory: found.isDirectory() }
  },
  list(directory) {
    try {
      return readdirSync(directory)
    } catch {
      return []
    }
  },
}

/** What the Corefile parser reads through. */
export function corefileSource(
  files: Files,
  environment: Readonly<Record<string, string | undefined>>,
): CorefileSource {
  return {
    readFile(path) {
      try {
        return files.readText(path)
      } catch (error) {
        throw new Error(goFileError(path, error), { cause: error })
      }
    },
    list: (directory) => files.list(directory),
    kind(path) {
      const found = files.stat(path)
      if (found === undefined) return undefined
      return found.isDirectory ? 'directory' : 'file'
    },
    env: (name) => environment[name],
  }
}

/** `open FILE: no such file or directory`, as CoreDNS's messages have it. */
export function goFileError(path: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const why = ERRNO_TEXT[code] ?? (error instanceof Error ? error.message : String(error))
  return code === 'EISDIR' ? `read ${path}: ${why}` : `open ${path}: ${why}`
}

const ERRNO_TEXT: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'not a directory',
}
