// The page of faults is made from the registry: every code of the catalogue is on it, staged or with the reason why not.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CAUSE_GROUPS } from '../../src/doctor/causes/index.ts'
import { FAULTS, NOT_STAGED } from '../../src/lab/index.ts'
import type { Fault } from '../../src/lab/index.ts'

const PAGE = resolve(import.meta.dirname, '../../docs/faults.md')
const FOLDER = resolve(import.meta.dirname, '../../src/lab/faults')
/** They have no group of checks: nothing is broken then. */
const OTHERS = 'no fault at all'
const INTRODUCTION = `# Faults of the lab

Every root cause that \`fathom doctor\` knows, and how the lab stages it: what breaks, in which lab, and which plain tools show it.
\`fathom lab inject FAULT\` puts it in, \`fathom lab heal\` takes it out, \`fathom lab verify [FAULT…]\` does both and looks with these
tools. The doctor is told nothing of it. In the commands \`{coredns@node3}\` stands for the address of node3's CoreDNS pod, \`{coredns-pod@node3}\`
for its name, \`{NAMESPACE/POD}\` for a pod's address, \`{node}\` for Node.js. What is "imitated" is not the thing itself but stands for it.

This page is made from \`src/lab/faults/\` by \`npx vitest run test/conventions/faults.test.ts --update\`.
`

describe('docs/faults.md', () => {
  const groups = new Map<string, readonly string[]>(Object.entries(CAUSE_GROUPS))
  const known = new Set([...groups.values()].flat())
  const others = Object.keys(NOT_STAGED).filter((code) => !known.has(code))

  it('says of every cause how it is staged or why it cannot be', async () => {
    const sections = [...groups, [OTHERS, others] as const].filter(([, codes]) => codes.length > 0)
    const counts = `${new Set(FAULTS.map(causeOf)).size} causes are staged by ${FAULTS.length} faults.`
    const page = [INTRODUCTION, `${counts}\n`, ...sections.map(([group, codes]) => renderGroup(group, codes))].join(
      '\n',
    )
    await expect(page).toMatchFileSnapshot(PAGE)
  })

  it('every code is either staged or has a reason, and every fault has a code of the catalogue', () => {
    const staged = new Set(FAULTS.map(causeOf))
    const codes = [...known, ...others]
    expect(codes.filter((code) => staged.has(code) === (NOT_STAGED[code] !== undefined))).toEqual([])
    expect([...staged].filter((code) => !known.has(code))).toEqual([])
  })

  it('every fault has a file of its name, in the folder of the group of its cause', () => {
    const files = FAULTS.map((fault) => {
      const group = [...groups].find(([, codes]) => codes.includes(causeOf(fault)))?.[0]
      return `${group}/${fault.name}.ts`
    })
    expect(files.filter((file) => !existsSync(resolve(FOLDER, file)))).toEqual([])
  })
})

function causeOf({ name, cause = name }: Fault): string {
  return cause
}

function renderGroup(group: string, codes: readonly string[]): string {
  return [`## ${group}`, '', ...codes.flatMap((code) => renderCause(code)), ''].join('\n')
}

function renderCause(code: string): string[] {
  const why = NOT_STAGED[code]
  if (why !== undefined) return [`- \`${code}\`: not staged: ${why}.`]
  return FAULTS.filter((fault) => causeOf(fault) === code).flatMap((fault) => renderFault(fault))
}

function renderFault({ name, cause, needs, summary, imitated, looks }: Fault): string[] {
  const where = needs === undefined ? 'any lab' : needs === 'netns' ? 'netns' : `netns, ${needs}`
  const about = cause === undefined ? where : `${where}; the cause is \`${cause}\``
  return [
    `- \`${name}\` (${about}): ${summary}.${imitated === undefined ? '' : ` Imitated: ${imitated}.`}`,
    ...looks.map(({ place, command }) => `  - ${place === undefined ? '' : `in \`${place}\`: `}\`\` ${command} \`\``),
  ]
}
