// hosts [FILE [ZONES...]] { ... }: the directive's tokens to options.
import { posix } from 'node:path'
import { onceError, type Dispenser } from '../../corefile/index.ts'
import type { DomainName } from '../../dns/message.ts'
import type { Fallthrough, SetupContext } from '../../server/index.ts'

import { durationArgument, fallthroughArguments, integerArgument, noArguments, zoneArguments } from '../arguments.ts'
import { canonicalAddress } from './table.ts'

export interface HostsOptions {
  /** Absolute path. */
  readonly file: string
  readonly zones: readonly DomainName[]
  /** Lines of the Corefile, as in a file. */
  readonly inline: string
  /** Seconds. */
  readonly ttl: number
  readonly reverse: boolean
  /** 0: the file is read once. */
  readonly reloadMs: number
  readonly fallthrough: Fallthrough
  readonly fallthroughUnsupported: boolean
}

const DEFAULT_FILE = '/etc/hosts'
const MAX_TTL = 65_535

type Draft = { -readonly [Key in keyof HostsOptions]: HostsOptions[Key] }

/** Reads the directive, which may stand once in a block. @throws {CorefileError} */
export function parseHosts(dispenser: Dispenser, context: SetupContext): HostsOptions {
  let options: Draft | undefined
  while (dispenser.next()) {
    if (options !== undefined) throw onceError(dispenser)
    const [path = DEFAULT_FILE, ...zones] = dispenser.remainingArgs()
    const file = posix.isAbsolute(path) ? path : posix.join(context.root, path)
    warnAbout(file, context)
    options = {
      file,
      zones: zoneArguments(dispenser, zones, context),
      inline: '',
      ttl: 3600,
      reverse: true,
      reloadMs: 5000,
      fallthrough: undefined,
      fallthroughUnsupported: false,
    }
    while (dispenser.nextBlock()) parseLine(dispenser, options, context)
  }
  if (options === undefined) throw dispenser.argError()
  return options
}

function warnAbout(file: string, context: SetupContext): void {
  const stat = context.files.stat(file)
  if (stat === undefined) context.log.warning(`File does not exist: ${file}`)
  else if (stat.isDirectory) context.log.warning(`Hosts file "${file}" is a directory`)
}

function parseLine(dispenser: Dispenser, options: Draft, context: SetupContext): void {
  const word = dispenser.value()
  switch (word) {
    case 'fallthrough':
      options.fallthrough = fallthroughArguments(dispenser)
      return
    case 'fallthrough_unsupported':
      noArguments(dispenser)
      options.fallthroughUnsupported = true
      return
    case 'no_reverse':
      noArguments(dispenser)
      options.reverse = false
      return
    case 'ttl':
      options.ttl = parseTtl(dispenser)
      return
    case 'reload':
      options.reloadMs = parseReload(dispenser)
      return
    default:
      parseInline(dispenser, options, context)
  }
}

function parseTtl(dispenser: Dispenser): number {
  const [text] = dispenser.remainingArgs()
  if (text === undefined) throw dispenser.error('ttl needs a time in second')
  const ttl = integerArgument(dispenser, text)
  if (ttl <= 0 || ttl > MAX_TTL)
    throw dispenser.error(`ttl provided is invalid: ${ttl} is not in range [1, ${MAX_TTL}]`)
  return ttl
}

function parseReload(dispenser: Dispenser): number {
  const [text, ...more] = dispenser.remainingArgs()
  if (text === undefined || more.length > 0) {
    throw dispenser.error('reload needs a duration (zero seconds to disable)')
  }
  let reloadMs: number
  try {
    reloadMs = durationArgument(dispenser, text)
  } catch {
    throw dispenser.error(`invalid duration for reload '${text}'`)
  }
  if (reloadMs < 0) throw dispenser.error(`invalid negative duration for reload '${text}'`)
  return reloadMs
}

/** `ADDRESS NAME...`; before `fallthrough` CoreDNS takes any line for one, so that such Corefiles must start. */
function parseInline(dispenser: Dispenser, options: Draft, context: SetupContext): void {
  const word = dispenser.value()
  const isHostLine = canonicalAddress(word) !== undefined
  if (!isHostLine && options.fallthrough !== undefined) throw dispenser.error(`unknown property '${word}'`)
  const line = [word, ...dispenser.remainingArgs()].join(' ')
  if (!isHostLine) context.log.warning(`Line ignored, "${word}" is neither an address nor an option: ${line}`)
  options.inline += `${line}\n`
}
