// Which files lint looks at, and what each of them is.
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { UsageError, describeError } from '../../base/index.ts'

export type InputKind = 'corefile' | 'manifest' | 'resolv-conf'

export interface LintInput {
  /** As findings name it; `stdin` for standard input. */
  readonly path: string
  readonly kind: InputKind
  readonly text: string
}

/** Larger files are no configuration. */
const MAX_BYTES = 64 * 1024 * 1024

/**
 * Reads the files that were named; of a folder those that are manifests, Corefiles or resolv.conf files by their name.
 *
 * @param stdin the text of standard input, for the path `-`
 * @throws {UsageError} for what cannot be read
 */
export function readInputs(paths: readonly string[], stdin: () => string): LintInput[] {
  return paths.flatMap((path) => {
    if (path === '-') return [toInput('stdin', stdin())]
    return expandFolder(path).map((file) => toInput(file, readText(file)))
  })
}

function expandFolder(path: string): string[] {
  if (!stat(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => isConfigurationName(basename(name)))
    .map((name) => join(path, name))
    .filter((file) => stat(file).isFile())
    .sort()
}

function isConfigurationName(name: string): boolean {
  return /\.(?:ya?ml|json|corefile|server|override)$/i.test(name) || /^corefile/i.test(name) || name === 'resolv.conf'
}

function stat(path: string): ReturnType<typeof statSync> & object {
  try {
    return statSync(path)
  } catch (error) {
    throw unreadable(path, error)
  }
}

function readText(path: string): string {
  if (stat(path).size > MAX_BYTES) {
    throw new UsageError('bad-argument', `Cannot lint ${path}: it is larger than ${MAX_BYTES / 1024 / 1024} MiB`)
  }
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw unreadable(path, error)
  }
}

function unreadable(path: string, error: unknown): UsageError {
  return new UsageError('bad-argument', `Cannot read ${path}: ${describeError(error)}`, { cause: error })
}

function toInput(path: string, text: string): LintInput {
  return { path, kind: kindOf(path, text), text }
}

/** By name, else by content: a manifest says `kind:`, a resolv.conf has nothing but its keywords. */
function kindOf(path: string, text: string): InputKind {
  if (/\.(?:ya?ml|json)$/i.test(path)) return 'manifest'
  if (basename(path) === 'resolv.conf') return 'resolv-conf'
  if (/^\s*"?kind"?:/m.test(text) && /^\s*"?apiVersion"?:/m.test(text)) return 'manifest'
  const lines = text.split('\n').filter((line) => !/^\s*(?:[#;]|$)/.test(line))
  const isResolvConf =
    lines.length > 0 && lines.every((line) => /^(?:nameserver|search|domain|options|sortlist)\s/.test(line))
  return isResolvConf ? 'resolv-conf' : 'corefile'
}
