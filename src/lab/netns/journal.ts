// What a lab of namespaces has made on this machine, written down before it is made: after a crash all of it can be found again.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { LabError } from '../cluster/lab-error.ts'
import { namePrefix, namespacePath } from './names.ts'
import { identifyProcess, isRunning } from './process-identity.ts'
import { runTool } from './run-tool.ts'

/** One place for all: whoever is root finds it, whatever XDG_RUNTIME_DIR says in this login. */
const ROOT = '/run/fathom-lab'
const ETC = '/etc/netns'

export interface JournalPaths {
  readonly folder: string
  readonly namespaces: string
  /** Who writes it: the number of its process, and when that began. */
  readonly pid: string
  readonly startTicks: string
  /** One folder for each pod, node and upstream. */
  readonly places: string
}

/** Where a lab's own files lie. */
export function journalPaths(lab: string): JournalPaths {
  return pathsIn(join(ROOT, lab))
}

function pathsIn(folder: string): JournalPaths {
  return {
    folder,
    namespaces: join(folder, 'namespaces'),
    pid: join(folder, 'pid'),
    startTicks: join(folder, 'start-ticks'),
    places: join(folder, 'places'),
  }
}

/** Begins a lab's journal. @throws {LabError} `lab-exists` when there is one: of two that begin at once one gets it */
export function openJournal(lab: string): void {
  // With a dot, which no lab's name contains: whoever finds it under its own name finds it whole.
  const made = pathsIn(join(ROOT, `.${lab}.${process.pid}`))
  const { folder } = journalPaths(lab)
  mkdirSync(made.places, { recursive: true, mode: 0o700 })
  writeFileSync(made.pid, `${process.pid}\n`)
  writeFileSync(made.startTicks, `${identifyProcess(process.pid)?.startTicks ?? ''}\n`)
  writeFileSync(made.namespaces, '')
  try {
    renameSync(made.folder, folder)
  } catch (error) {
    rmSync(made.folder, { recursive: true, force: true })
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
    const pid = journalPid(lab)
    const who = pid === undefined ? `"${folder}" is there` : `process ${pid} runs one of that name`
    throw new LabError('lab-exists', `Cannot start lab "${lab}": ${who}; "fathom lab down --name ${lab}" ends it`)
  }
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
    return readdirSync(ROOT)
      .filter((name) => !name.startsWith('.'))
      .sort()
  } catch {
    return []
  }
}

/** The process of the lab that wrote a journal, as long as it runs; undefined when there is none. */
export function journalPid(lab: string): number | undefined {
  const paths = journalPaths(lab)
  try {
    const pid = Number(readFileSync(paths.pid, 'utf8'))
    const startTicks = existsSync(paths.startTicks)
      ? readFileSync(paths.startTicks, 'utf8').trim()
      : identifyProcess(pid)?.startTicks
    if (startTicks === undefined) return undefined
    return isRunning({ pid, startTicks }) ? pid : undefined
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
