// Files and programs of a container, read by exec. Everything that is asked for at the same moment goes into one command:
// a session costs the API server and the node more than all that runs in it.
import { randomUUID } from 'node:crypto'
import { KubeApiError, execInPod } from '../../kube/api/index.ts'
import type { ExecResult, KubeClient, PodName } from '../../kube/api/index.ts'
import { describeError } from '../../base/index.ts'
import type { CommandResult, KernelSource } from '../kernel/source.ts'
import type { FileResult } from '../vantage.ts'
import type { Skipped } from '../skipped.ts'

export interface ExecTarget {
  readonly pod: PodName
  readonly container: string
}

interface Asked {
  readonly words: readonly string[]
  readonly answer: (result: CommandResult) => void
}

const NOT_FOUND = 127
const CANNOT_RUN = 126
/** Programs of administrators lie here even where PATH does not say so. */
const PATH = 'PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"; LC_ALL=C; export PATH LC_ALL'
const MAX_OUTPUT_OCTETS = 64 * 1024 * 1024

/** Reads a container's place; `timeoutMs` holds for each session, before which `whyNot` is asked. Never rejects. */
export function execSource(
  client: KubeClient,
  target: ExecTarget,
  { timeoutMs, whyNot }: { readonly timeoutMs: number; readonly whyNot?: () => Skipped | undefined },
): KernelSource {
  let waiting: Asked[] = []
  const flush = async (): Promise<void> => {
    const batch = waiting
    waiting = []
    const denied = whyNot?.()
    if (denied !== undefined) return batch.forEach(({ answer }) => answer(denied))
    const results = await runTogether(
      batch.map(({ words }) => words),
      (command) => execInPod(client, { ...target, command, timeoutMs, mostOctets: MAX_OUTPUT_OCTETS }),
      target,
    )
    batch.forEach(({ answer }, index) => answer(results[index] ?? { kind: 'skipped', why: 'the command was cut off' }))
  }
  const run = (words: readonly string[]): Promise<CommandResult> =>
    new Promise((resolve) => {
      if (waiting.length === 0) setImmediate(() => void flush())
      waiting.push({ words, answer: resolve })
    })
  return {
    run: (program, args) => run([program, ...args]),
    readFile: async (path) => toFile(path, await run(['cat', path])),
  }
}

function toFile(path: string, result: CommandResult): FileResult {
  if (result.kind === 'skipped') return result
  const { exitCode, stdout, stderr } = result
  if (exitCode === 0) return { kind: 'file', text: stdout }
  if (/no such file|not a directory/i.test(stderr)) return { kind: 'absent' }
  return { kind: 'skipped', why: `cannot read ${path}: ${stderr.trim().split('\n')[0] ?? `exit code ${exitCode}`}` }
}

// --- One session for many commands ---

async function runTogether(
  commands: readonly (readonly string[])[],
  exec: (command: readonly string[]) => Promise<ExecResult>,
  target: ExecTarget,
): Promise<CommandResult[]> {
  const all = (result: CommandResult): CommandResult[] => commands.map(() => result)
  const [first] = commands
  try {
    // A single command needs no shell, which many images do not have.
    if (first !== undefined && commands.length === 1) return [ofOne(await exec(first), first[0] ?? '', target)]
    const mark = randomUUID()
    const result = await exec(['sh', '-c', script(commands, mark)])
    if (result.kind === 'not-started') return all(notStarted(result.why, 'sh', target))
    return readSections(result, commands, mark)
  } catch (error) {
    if (!(error instanceof KubeApiError)) return all({ kind: 'skipped', why: describeError(error) })
    const needs = error.code === 'forbidden' ? { needs: `create, get pods/exec in ${target.pod.namespace}` } : {}
    return all({ kind: 'skipped', why: error.message, ...needs })
  }
}

/** Each command's output between marks, on both streams: `MARK index` before, `MARK index exit-code` after. */
function script(commands: readonly (readonly string[])[], mark: string): string {
  const parts = commands.map((words, index) => {
    const line = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
    return `echo "${mark} ${index}" >&2; ${line}; s=$?; printf '\\n%s\\n' "${mark} ${index} $s"`
  })
  return [PATH, ...parts].join('\n')
}

function readSections(
  result: Exclude<ExecResult, { kind: 'not-started' }>,
  commands: readonly (readonly string[])[],
  mark: string,
): CommandResult[] {
  const stdout = result.stdout.toString('utf8')
  const errors = new Map<number, string>()
  for (const section of result.stderr.toString('utf8').split(`${mark} `).slice(1)) {
    const end = section.indexOf('\n')
    errors.set(Number(section.slice(0, end)), section.slice(end + 1))
  }
  let at = 0
  return commands.map(([program = ''], index): CommandResult => {
    const start = `\n${mark} ${index} `
    const end = stdout.indexOf(start, at)
    // What came before the connection broke stays valid.
    if (end < 0) return { kind: 'skipped', why: result.kind === 'cut-off' ? result.why : 'the shell ended early' }
    const lineEnd = stdout.indexOf('\n', end + 1)
    const text = stdout.slice(at, end)
    const exitCode = Number(stdout.slice(end + start.length, lineEnd))
    at = lineEnd + 1
    return ended({ exitCode, stdout: text, stderr: errors.get(index) ?? '' }, program)
  })
}

function ofOne(result: ExecResult, program: string, target: ExecTarget): CommandResult {
  if (result.kind === 'not-started') return notStarted(result.why, program, target)
  if (result.kind === 'cut-off') return { kind: 'skipped', why: result.why }
  const { exitCode } = result
  return ended({ exitCode, stdout: result.stdout.toString('utf8'), stderr: result.stderr.toString('utf8') }, program)
}

function ended(
  result: { readonly exitCode: number; readonly stdout: string; readonly stderr: string },
  program: string,
): CommandResult {
  if (result.exitCode === NOT_FOUND || result.exitCode === CANNOT_RUN) {
    return { kind: 'skipped', why: `the container's image has no program "${program}"`, needs: program }
  }
  return { kind: 'ended', ...result }
}

function notStarted(why: string, program: string, { pod, container }: ExecTarget): Skipped {
  const where = `container ${container} of pod ${pod.namespace}/${pod.name}`
  return /executable file not found|no such file/i.test(why)
    ? {
        kind: 'skipped',
        why: `${where} has no "${program}"`,
        needs: 'running fathom on its node as root: it enters the pod without a shell',
      }
    : { kind: 'skipped', why: `nothing can be run in ${where}: ${why.trim()}` }
}
