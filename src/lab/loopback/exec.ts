// Commands in a pod of a loopback lab. Its programs are parts of this process, so a few commands are answered here, from
// what the pod has: files that kubelet gave it, its name, its environment.
import { PassThrough } from 'node:stream'
import { basename } from 'node:path'
import { notInImage, programsOfImage } from '../cluster/image-programs.ts'
import type { PodCommand, PodProcess } from '../cluster/pod-access.ts'
import { objectsAt, textAt } from '../cluster/raw-object.ts'
import type { RawObject } from '../cluster/raw-object.ts'
import { playBash } from './play-bash.ts'
import type { AddedContents } from './play-bash.ts'

export interface PodContents {
  /** Undefined when the pod has no such file. */
  readFile(path: string): string | undefined
  readonly environment: Readonly<Record<string, string>>
  readonly hostname: string
  readonly added: AddedContents
}

interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Answers a command. Rejects when the container's image has no such program, or the lab does not play it. */
export async function execInLoopback(
  pod: RawObject,
  { container, command }: PodCommand,
  contents: PodContents,
): Promise<PodProcess> {
  const [program = '', ...args] = command
  const spec = ['containers', 'ephemeralContainers']
    .flatMap((list) => objectsAt(pod, 'spec', list))
    .find((candidate) => candidate['name'] === container)
  const name = basename(program)
  const only = programsOfImage(textAt(spec ?? {}, 'image'))
  const scripted = name === 'bash' && only === undefined ? playBash(args, contents.added) : undefined
  if (scripted !== undefined) return scripted
  const play = Object.hasOwn(PLAYED, name) ? PLAYED[name] : undefined
  if (play === undefined || (only !== undefined && !only.includes(name))) throw notInImage(program)
  return finished(play(args, contents))
}

const PLAYED: Readonly<Record<string, (args: readonly string[], contents: PodContents) => Outcome>> = {
  cat: (paths, contents) => {
    const found = paths.map((path) => ({ path, text: contents.readFile(path) }))
    const missing = found.filter(({ text }) => text === undefined)
    return {
      status: missing.length === 0 ? 0 : 1,
      stdout: found.map(({ text }) => text ?? '').join(''),
      stderr: missing.map(({ path }) => `cat: ${path}: No such file or directory\n`).join(''),
    }
  },
  hostname: (_args, { hostname }) => printed(`${hostname}\n`),
  env: (_args, { environment }) =>
    printed(
      Object.entries(environment)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    ),
  echo: (args) => printed(`${args.join(' ')}\n`),
  touch: (paths, { added }) => {
    for (const path of paths) added.made.add(path)
    return printed('')
  },
  true: () => printed(''),
  false: () => ({ status: 1, stdout: '', stderr: '' }),
}

function printed(stdout: string): Outcome {
  return { status: 0, stdout, stderr: '' }
}

function finished({ status, stdout, stderr }: Outcome): PodProcess {
  const stdin = new PassThrough()
  stdin.resume()
  const [out, err] = [new PassThrough(), new PassThrough()]
  out.end(stdout)
  err.end(stderr)
  return {
    stdin,
    stdout: out,
    stderr: err,
    ended: Promise.resolve(status),
    resize: () => undefined,
    kill: () => undefined,
  }
}
