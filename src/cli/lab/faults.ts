// `fathom lab faults`, `inject` and `heal`.
import { FAULTS, callLab } from '../../lab/index.ts'
import type { Io } from '../command.ts'
import { checkOutput, findLab } from './lab-flags.ts'
import type { NameFlags } from './lab-flags.ts'

/** Prints all faults. */
export function listFaults(io: Io, { output }: { readonly output: string }): void {
  checkOutput(output)
  if (output === 'json') {
    const faults = FAULTS.map(({ name, cause = name, needs, summary, shownBy = [] }) => ({
      name,
      cause,
      ...(needs === undefined ? {} : { needs }),
      summary,
      shownBy,
    }))
    io.stdout.write(`${JSON.stringify({ faults }, undefined, 2)}\n`)
    return
  }
  const width = Math.max(...FAULTS.map(({ name }) => name.length))
  for (const { name, cause = name, needs, summary, shownBy } of FAULTS) {
    const show =
      shownBy === undefined
        ? ''
        : `\n${' '.repeat(width + 2)}see it with: fathom doctor --lab=NAME ${shownBy.join(' ')}`
    const more = [
      ...(cause === name ? [] : [`the cause to find: ${cause}`]),
      ...(needs === undefined
        ? []
        : [needs === 'netns' ? 'needs --grade netns' : `needs --grade netns --cni ${needs}`]),
    ]
    const about = more.length === 0 ? '' : `\n${' '.repeat(width + 2)}${more.join('; ')}`
    io.stdout.write(`${name.padEnd(width)}  ${summary}${about}${show}\n`)
  }
}

/** Puts a fault in. @throws {LabError} */
export async function inject(io: Io, fault: string, { name }: NameFlags): Promise<void> {
  const present = await callLab(findLab(name), 'inject', { fault })
  io.stdout.write(`in the lab now: ${present.join(', ')}\n`)
}

/** Takes a fault out, or all. @throws {LabError} */
export async function heal(io: Io, fault: string | undefined, { name }: NameFlags): Promise<void> {
  const healed = await callLab(findLab(name), 'heal', fault === undefined ? {} : { fault })
  io.stdout.write(healed.length === 0 ? 'nothing to heal\n' : `healed: ${healed.join(', ')}\n`)
}
