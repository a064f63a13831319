// dig's command line: `@server`, `-x`, `+options`, names, types and classes in any order, several lookups on one line.
import {
  addressFromReverse,
  classNumber,
  classMnemonic,
  parseAddress,
  reverseName,
  typeMnemonic,
  typeNumber,
} from '../../dns/index.ts'
import { applyPlusOption } from './plus-options.ts'
import { defaultSettings } from './settings.ts'
import type { Settings } from './settings.ts'
import { DigError } from './usage.ts'

export interface CommandLine {
  readonly lookups: readonly Settings[]
  /** What stands before the first name. */
  readonly defaults: Settings
  /** A file of further command lines. */
  readonly batchFile: string | undefined
  /** Lines that dig prints before anything else. */
  readonly warnings: readonly string[]
  readonly action: 'ask' | 'help' | 'version'
}

interface Parse {
  /** What lookups start from; changed by everything before the first name. */
  readonly defaults: Settings
  readonly lookups: Settings[]
  readonly warnings: string[]
  batchFile: string | undefined
  action: CommandLine['action']
}

/**
 * Reads a command line.
 *
 * @param base what lookups start from, such as ~/.digrc; default dig's defaults
 * @throws {DigError}
 */
export function parseArguments(args: readonly string[], base: Settings = defaultSettings()): CommandLine {
  const parse: Parse = { defaults: { ...base }, lookups: [], warnings: [], batchFile: undefined, action: 'ask' }
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? ''
    if (argument.startsWith('@')) current(parse).server = serverText(argument.slice(1))
    else if (argument.startsWith('+')) applyPlusOption(current(parse), argument.slice(1))
    else if (argument.startsWith('--') && argument !== '--help') throw unknownLongOption(argument)
    else if (argument.startsWith('-') && argument.length > 1) index += dashOption(parse, argument, args[index + 1])
    else bareWord(parse, argument)
  }
  const { lookups, batchFile, warnings, action } = parse
  const { defaults } = parse
  if (lookups.length === 0 && batchFile === undefined) {
    // Without a name dig asks for the root's servers, even where a type was given.
    lookups.push({ ...defaults, name: '.', type: 'NS' })
  }
  // The command line is repeated for all lookups or for none: +nocmd holds wherever it stands.
  const showCommand = [defaults, ...lookups].every((settings) => settings.showCommand)
  return { lookups: lookups.map((lookup) => settle({ ...lookup, showCommand })), defaults, batchFile, warnings, action }
}

/** The settings that an option changes where it stands. */
function current(parse: Parse): Settings {
  return parse.lookups.at(-1) ?? parse.defaults
}

function addLookup(parse: Parse, name: string): Settings {
  const lookup: Settings = { ...parse.defaults, name }
  parse.lookups.push(lookup)
  return lookup
}

/** A word alone: a type or a class if it is one, else a name. */
function bareWord(parse: Parse, word: string): void {
  const settings = current(parse)
  const ixfr = /^ixfr=(.*)$/i.exec(word)
  if (ixfr !== null) {
    setIxfr(parse, settings, ixfr[1] ?? '')
    return
  }
  if (typeNumber(word) !== undefined) setType(parse, settings, word)
  else if (classNumber(word) !== undefined) setClass(parse, settings, word)
  else addLookup(parse, word)
}

/** Options with one dash; gives how many further arguments were used. */
function dashOption(parse: Parse, argument: string, next: string | undefined): 0 | 1 {
  const letter = argument === '--help' ? 'h' : (argument[1] ?? '')
  const attached = argument === '--help' ? '' : argument.slice(2)
  if (SWITCHES[letter] !== undefined && attached === '') {
    SWITCHES[letter](parse)
    return 0
  }
  const apply = WITH_VALUE[letter]
  if (apply === undefined) throw new DigError(`Invalid option: ${argument}`)
  const value = attached === '' ? next : attached
  if (value === undefined) throw new DigError(`Invalid option: ${argument} needs a value`)
  apply(parse, value)
  return attached === '' ? 1 : 0
}

const SWITCHES: Readonly<Record<string, (parse: Parse) => void>> = {
  4: (parse) => setFamily(parse, 4),
  6: (parse) => setFamily(parse, 6),
  d: () => undefined,
  h: (parse) => {
    parse.action = 'help'
  },
  i: () => undefined,
  m: () => undefined,
  r: () => undefined,
  u: (parse) => {
    current(parse).microseconds = true
  },
  v: (parse) => {
    parse.action = 'version'
  },
}

const WITH_VALUE: Readonly<Record<string, (parse: Parse, value: string) => void>> = {
  b: (parse, value) => {
    const [address = '', port] = value.split('#')
    if (parseAddress(address.replace(/%.*$/, '')) === undefined) throw new DigError(`invalid address ${address}`)
    current(parse).source = { address, port: port === undefined ? undefined : portNumber(port) }
  },
  c: (parse, value) => {
    if (classNumber(value) === undefined) parse.warnings.push(`;; Warning, ignoring invalid class ${value}`)
    else setClass(parse, current(parse), value)
  },
  f: (parse, value) => {
    parse.batchFile = value
  },
  k: () => {
    throw new DigError('Cannot sign the query: TSIG keys (-k, -y) are not offered')
  },
  p: (parse, value) => {
    current(parse).port = portNumber(value)
  },
  q: (parse, value) => {
    addLookup(parse, value)
  },
  t: (parse, value) => {
    const ixfr = /^ixfr=(.*)$/i.exec(value)
    if (ixfr !== null) setIxfr(parse, current(parse), ixfr[1] ?? '')
    else if (typeNumber(value) === undefined) parse.warnings.push(`;; Warning, ignoring invalid type ${value}`)
    else setType(parse, current(parse), value)
  },
  x: (parse, value) => {
    const lookup = addLookup(parse, reverseNameOf(value))
    if (!lookup.typeWasSet) lookup.type = 'PTR'
    if (!lookup.classWasSet) lookup.class = 'IN'
  },
  y: () => {
    throw new DigError('Cannot sign the query: TSIG keys (-k, -y) are not offered')
  },
}

function unknownLongOption(argument: string): DigError {
  if (/^--(?:in|lab|namespace|netns|pid)(?:=|$)/.test(argument)) {
    return new DigError(
      `Cannot use ${argument} here: the place holds for the whole command line, not for one line of a file`,
    )
  }
  return new DigError(`Invalid option: ${argument}`)
}

function setType(parse: Parse, settings: Settings, text: string): void {
  if (settings.typeWasSet) parse.warnings.push(';; Warning, extra type option')
  settings.type = typeMnemonic(typeNumber(text) ?? 1)
  settings.typeWasSet = true
  settings.ixfrSerial = undefined
}

function setIxfr(parse: Parse, settings: Settings, serial: string): void {
  setType(parse, settings, 'IXFR')
  if (!/^\d{1,10}$/.test(serial) || Number(serial) > 4_294_967_295) {
    throw new DigError(`Couldn't parse serial number: "${serial}" is not a number from 0 to 4294967295`)
  }
  settings.ixfrSerial = Number(serial)
}

function setClass(parse: Parse, settings: Settings, text: string): void {
  if (settings.classWasSet) parse.warnings.push(';; Warning, extra class option')
  settings.class = classMnemonic(classNumber(text) ?? 1)
  settings.classWasSet = true
}

function setFamily(parse: Parse, family: 4 | 6): void {
  const settings = current(parse)
  if (settings.family !== undefined && settings.family !== family) throw new DigError('only one of -4 and -6 allowed')
  settings.family = family
}

/** The name for `-x`; less than an IPv4 address gives the zone that holds it. */
function reverseNameOf(text: string): string {
  const whole = reverseName(text)
  if (whole !== undefined && addressFromReverse(whole) !== undefined) return whole
  if (text.includes(':')) throw new DigError(`Invalid IP address ${text}`)
  return `${text.split('.').reverse().join('.')}.in-addr.arpa.`
}

function serverText(text: string): string {
  if (text === '') throw new DigError('Invalid option: @ needs a server')
  return text
}

function portNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new DigError(`Couldn't parse port number: "${text}" is not a valid number`)
  if (Number(text) > 65_535) throw new DigError(`Couldn't parse port number: ${text} is out of range, 0 to 65535`)
  return Number(text)
}

/** What follows from the type: transfers and ANY go over TCP; transfers are printed without comments. */
function settle(settings: Settings): Settings {
  const isTransfer = settings.type === 'AXFR' || settings.type === 'IXFR'
  if (!isTransfer) return { ...settings, tcp: settings.tcpWasSet ? settings.tcp : settings.type === 'ANY' }
  return {
    ...settings,
    tcp: settings.type === 'AXFR' || !settings.tcpWasSet || settings.tcp,
    showComments: settings.showComments && settings.commentsWereSet,
    showQuestion: settings.showQuestion && settings.questionWasSet,
  }
}
