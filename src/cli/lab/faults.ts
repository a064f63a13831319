// `fathom lab faults`, `inject` and `heal`.
import { shellWord } from '../../base/index.ts'
import { FAULTS, callLab, unfilled } from '../../lab/index.ts'
import type { Fault, LabState, Look } from '../../lab/index.ts'
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

/** Puts a fault in, and says what that changed, how to see it and how to undo it. @throws {LabError} */
export async function inject(io: Io, fault: string, { name }: NameFlags): Promise<void> {
  const lab = findLab(name)
  const present = await callLab(lab, 'inject', { fault })
  const found = FAULTS.find((each) => each.name === fault)
  const lines = found === undefined ? [] : await describeFault(found, lab)
  io.stdout.write(`${[...lines, `in the lab now: ${present.join(', ')}`].join('\n')}\n`)
}

async function describeFault({ name, summary, looks, shownBy = [] }: Fault, lab: LabState): Promise<string[]> {
  const look = looks.flatMap((each) => typedLook(each, lab) ?? [])[0]
  const text = look === undefined ? '' : await callLab(lab, 'fillIn', { text: look })
  const lacking = unfilled(text)
  const seen = text === '' ? [] : [`  see it    ${lacking === undefined ? text : `not now: ${lacking}`}`]
  const diagnosis = ['fathom', 'doctor', `--lab=${lab.name}`, ...shownBy.map(shellWord)].join(' ')
  return [summary, ...seen, `  find it   ${diagnosis}`, `  undo it   fathom lab heal ${name} --name ${lab.name}`]
}

/** A look at the fault as somebody types it on this machine; undefined for what is seen when it is gone, or needs another lab. */
function typedLook({ place, command, broken }: Look, { name, grade, kubeconfig }: LabState): string | undefined {
  if (broken === undefined) return undefined
  const kubectl = /^kubectl (.*)$/s.exec(command)?.[1]
  if (place === undefined) {
    return kubectl === undefined ? undefined : `kubectl --kubeconfig ${shellWord(kubeconfig)} ${kubectl}`
  }
  // This program's dig is there on both grades, and in pods whose image has none.
  const dig = /^dig ([^;|&<>$`]*)$/.exec(command)?.[1]
  if (dig !== undefined) return `fathom dig --lab=${name} --in ${place} ${dig}`
  return grade === 'netns' ? `fathom lab exec --name ${name} ${place} -- sh -c ${shellWord(command)}` : undefined
}

/** Takes a fault out, or all. @throws {LabError} */
export async function heal(io: Io, fault: string | undefined, { name }: NameFlags): Promise<void> {
  const healed = await callLab(findLab(name), 'heal', fault === undefined ? {} : { fault })
  io.stdout.write(healed.length === 0 ? 'nothing to heal\n' : `healed: ${healed.join(', ')}\n`)
}
