// What a lab of namespaces has made on this machine, written down before it is made: after a crash all of it can be found again.
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { namePrefix, namespacePath } from './names.ts'
import { runTool } from './run-tool.ts'

/** One place for all: whoever is root finds it, whatever XDG_RUNTIME_DIR says in this login. */
const ROOT = '/run/fathom-lab'
const ETC = '/etc/netns'

export interface JournalPaths {
  readonly folder: string
  readonly namespaces: string
  readonly pid: string
  /** One folder for each pod, node and upstream. */
  readonly places: string
}

/** Where a lab's own files lie. */
export function journalPaths(lab: string): JournalPaths {
  const folder = join(ROOT, lab)
  return { folder, namespaces: join(folder, 'namespaces'), pid: join(folder, 'pid'), places: join(folder, 'places') }
}

/** Begins a lab's journal. */
export function openJournal(lab: string): void {
  const paths = journalPaths(lab)
  mkdirSync(paths.places, { recursive: true, mode: 0o700 })
  writeFileSync(paths.pid, `${process.pid}\n`)
  writeFileSync(paths.namespaces, '')
}

/** Writes down namespaces that are about to be made. */
export function recordNamespaces(lab: string, names: readonly string[]): void {
  appendFileSync(journalPaths(lab).namespaces, names.map((name) => `${name}\n`).join(''))
}

/** The folder of files that `ip netns exec` shows inside a namespace. */
export function etcFolder(namespace: string): string {
  return join(ETC, namespace)
}

/** Labs that have left a journal, by name; those that run are among them. */
export function journaledLabs(): string[] {
  try {
    return readdirSync(ROOT).sort()
  } catch {
    return []
  }
}

/** The process of the lab that wrote a journal; undefined when there is none. */
export function journalPid(lab: string): number | undefined {
  try {
    return Number(readFileSync(journalPaths(lab).pid, 'utf8'))
  } catch {
    return undefined
  }
}

/** Namespaces that would be made and that somebody else has already. */
export function foreignNamespaces(lab: string, names: readonly string[]): string[] {
  const own = new Set(readNamespaces(lab))
  return names.filter((name) => !own.has(name) && (existsSync(namespacePath(name)) || existsSync(etcFolder(name))))
}

/**
 * Ends every program in a lab's namespaces and removes all that it made: what is not there any more is no error.
 *
 * @returns what could not be removed, one line each
 */
export async function clearAway(lab: string): Promise<string[]> {
  const names = [...new Set(readNamespaces(lab))].filter((name) => name.startsWith(namePrefix(lab)))
  const present = names.filter((name) => existsSync(namespacePath(name)))
  await Promise.all(present.map(endPrograms))
  const deletions = present.map((name) => `netns delete ${name}\n`).join('')
  const { stderr } = await runTool('ip', ['-force', '-batch', '-'], deletions)
  for (const name of names) rmSync(etcFolder(name), { recursive: true, force: true })
  rmSync(journalPaths(lab).folder, { recursive: true, force: true })
  for (const folder of [ETC, ROOT]) removeIfEmpty(folder)
  const left = present.filter((name) => existsSync(namespacePath(name)))
  return left.map((name) => `namespace ${name} is still there: ${stderr.trim().split('\n')[0] ?? ''}`)
}

/** Removes one namespace with all that is in it. */
export async function removeNamespace(namespace: string): Promise<void> {
  if (existsSync(namespacePath(namespace))) {
    await endPrograms(namespace)
    await runTool('ip', ['netns', 'delete', namespace])
  }
  rmSync(etcFolder(namespace), { recursive: true, force: true })
}

async function endPrograms(namespace: string): Promise<void> {
  const { stdout } = await runTool('ip', ['netns', 'pids', namespace])
  for (const pid of stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(Number)) {
    if (pid === process.pid) continue
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself meanwhile.
    }
  }
}

function readNamespaces(lab: string): string[] {
  try {
    return readFileSync(journalPaths(lab).namespaces, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  } catch {
    return []
  }
}

function removeIfEmpty(folder: string): void {
  try {
    if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true })
  } catch {
    // Not there, or somebody uses it.
  }
}
