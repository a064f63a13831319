// Which files lint looks at, and what each of them is.
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { UsageError } from '../../base/index.ts'
import { reasonOf } from '../unread-file.ts'

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
    const inputs =
      path === '-' ? [toInput('stdin', stdin())] : expandFolder(path).map((file) => toInput(file, readText(file)))
    for (const input of inputs) if (input.path === path || path === '-') rejectOther(input)
    return inputs
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
  return new UsageError('bad-argument', `Cannot read ${path}: ${reasonOf(error)}`)
}

function toInput(path: string, text: string): LintInput {
  if (text.includes('\0'))
    throw new UsageError('bad-argument', `Cannot lint ${path}: it is no text (it holds NUL octets)`)
  return { path, kind: kindOf(path, text), text }
}

/** @throws {UsageError} for text that is none of what is looked at; what a folder holds is chosen by its name instead */
function rejectOther({ path, kind, text }: LintInput): void {
  const content = text.replaceAll(/^\s*#.*$/gm, '').trim()
  if (content === '') throw nothingToLint(path, 'it is empty')
  // The shortest Corefile that is no slip has a block in braces, or an import of one.
  if (kind === 'corefile' && !isConfigurationName(basename(path)) && !/[{}]|^\s*import\s/m.test(content)) {
    throw nothingToLint(path, 'it is no Corefile (no server block in braces), no resolv.conf and no manifest')
  }
}

function nothingToLint(path: string, why: string): UsageError {
  const hint = 'give a Corefile, a manifest with one (YAML or JSON), or a resolv.conf'
  return new UsageError('bad-argument', `Cannot lint ${path}: ${why}; ${hint}`)
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
