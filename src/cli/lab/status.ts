// `fathom lab status`: labs that run, their faults, their addresses.
import { LabError, callLab, killedLabs, listLabs } from '../../lab/index.ts'
import type { LabState, LabStatus } from '../../lab/index.ts'
import { EXIT } from '../command.ts'
import type { Io } from '../command.ts'
import { checkOutput, findLab } from './lab-flags.ts'
import type { NameFlags } from './lab-flags.ts'

/** Prints the state of one lab or of all. @throws {LabError} when the one that was named does not answer */
export async function status(io: Io, { name, output }: NameFlags & { readonly output: string }): Promise<number> {
  checkOutput(output)
  const labs = name === undefined ? listLabs() : [findLab(name)]
  const all = []
  for (const lab of labs) {
    try {
      all.push({ ...lab, ...(await callLab(lab, 'status', {})) })
    } catch (error) {
      // Of several, one that was killed must not hide the others.
      if (name !== undefined || !(error instanceof LabError)) throw error
      io.stderr.write(`fathom: ${error.message}\n`)
    }
  }
  if (output === 'json') {
    io.stdout.write(`${JSON.stringify({ schemaVersion: 1, labs: all }, null, 2)}\n`)
    return EXIT.ok
  }
  if (labs.length === 0) io.stdout.write('no lab runs; "fathom lab up" starts one\n')
  for (const lab of name === undefined ? killedLabs() : []) {
    io.stderr.write(
      `fathom: lab "${lab}" was killed and left its namespaces; "fathom lab down --name ${lab}" removes them\n`,
    )
  }
  io.stdout.write(all.map((lab) => describeStatus(lab, { withAddresses: name !== undefined })).join('\n'))
  return EXIT.ok
}

function describeStatus(lab: LabState & LabStatus, { withAddresses }: { readonly withAddresses: boolean }): string {
  const width = Math.max(...lab.addresses.map(({ address }) => address.length))
  const atWidth = Math.max(16, ...lab.addresses.map(({ at }) => at.length))
  const addresses = lab.addresses.map(
    ({ who, address, at }) => `  ${address.padEnd(width)}  ${at.padEnd(atWidth)}  ${who}`,
  )
  const repaired = lab.repaired.length === 0 ? '' : `; injected and repaired since: ${lab.repaired.join(', ')}`
  return [
    `lab "${lab.name}" (${lab.grade}, process ${lab.pid}, since ${lab.startedAt})`,
    `faults injected: ${lab.faults.join(', ') || 'none'}${repaired}`,
    `export KUBECONFIG=${lab.kubeconfig}`,
    ...lab.notes,
    ...(withAddresses
      ? ['', ...addresses.sort()]
      : [`${lab.addresses.length} addresses: "fathom lab status --name ${lab.name}" lists them`]),
    '',
  ].join('\n')
}
