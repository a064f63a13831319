// The `acl [ZONES...] { ACTION [type QTYPE...] [net SOURCE...] }` directive.
import { quoteGo } from '../../base/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import { typeNumber, type DomainName, type RRType } from '../../dns/index.ts'
import type { SetupContext } from '../../server/index.ts'
import { zoneArguments } from '../arguments.ts'
import { createAddressSet, readRange, type AddressSet } from './address-set.ts'

export type AclAction = 'allow' | 'block' | 'drop' | 'filter'

export interface AclPolicy {
  readonly action: AclAction
  /** Undefined means every type. */
  readonly types: ReadonlySet<RRType> | undefined
  /** Undefined means every address. */
  readonly sources: AddressSet | undefined
}

/** One `acl` directive. */
export interface AclRule {
  readonly zones: readonly DomainName[]
  /** The first that matches decides. */
  readonly policies: readonly AclPolicy[]
}

const ACTIONS: readonly string[] = ['allow', 'block', 'drop', 'filter'] satisfies AclAction[]

/** @throws {CorefileError} */
export function parseAcl(dispenser: Dispenser, context: SetupContext): readonly AclRule[] {
  const rules: AclRule[] = []
  while (dispenser.next()) {
    const zones = zoneArguments(dispenser, dispenser.remainingArgs(), context)
    const policies: AclPolicy[] = []
    while (dispenser.nextBlock()) policies.push(parsePolicy(dispenser))
    rules.push({ zones, policies })
  }
  return rules
}

function parsePolicy(dispenser: Dispenser): AclPolicy {
  const action = dispenser.value().toLowerCase()
  if (!isAction(action)) {
    throw dispenser.error(`unexpected token ${quoteGo(dispenser.value())}; expect 'allow', 'block', 'filter' or 'drop'`)
  }
  let types: Set<RRType> | undefined
  let sources: AddressSet | undefined
  for (const { name, values } of readSections(dispenser)) {
    if (name === 'type') types = readTypes(dispenser, values)
    else sources = readSources(dispenser, values)
  }
  return { action, types, sources }
}

function isAction(text: string): text is AclAction {
  return ACTIONS.includes(text)
}

interface Section {
  readonly name: 'net' | 'type'
  readonly values: readonly string[]
}

function readSections(dispenser: Dispenser): Section[] {
  const sections: { readonly name: 'net' | 'type'; readonly values: string[] }[] = []
  for (const text of dispenser.remainingArgs()) {
    const name = text.toLowerCase()
    if (name === 'type' || name === 'net') sections.push({ name, values: [] })
    else if (sections.length === 0) throw dispenser.error(`unexpected token ${quoteGo(text)}; expect 'type | net'`)
    else sections.at(-1)?.values.push(text)
  }
  const empty = sections.find(({ values }) => values.length === 0)
  if (empty !== undefined) throw dispenser.error(`no token specified in ${quoteGo(empty.name)} section`)
  return sections
}

function readTypes(dispenser: Dispenser, values: readonly string[]): Set<RRType> | undefined {
  const types = new Set<RRType>()
  for (const value of values) {
    if (value === '*') return undefined
    if (value !== value.toUpperCase() || typeNumber(value) === undefined) {
      throw dispenser.error(`unexpected token ${quoteGo(value)}; expect legal QTYPE`)
    }
    types.add(value)
  }
  return types
}

function readSources(dispenser: Dispenser, values: readonly string[]): AddressSet | undefined {
  const ranges = []
  for (const value of values) {
    if (value === '*') return undefined
    const range = readRange(value)
    if (range === undefined) throw dispenser.error(`illegal CIDR notation ${quoteGo(withPrefix(value))}`)
    ranges.push(range)
  }
  return createAddressSet(ranges)
}

/** As CoreDNS names the value: single addresses get their prefix length first. */
function withPrefix(value: string): string {
  if (value.includes('/')) return value
  return `${value}/${value.includes(':') ? 128 : 32}`
}
