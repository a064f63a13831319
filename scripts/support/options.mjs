// The command line of the scripts: a table of defaults, whose types are the options' types.
import { parseArgs } from 'node:util'

/**
 * The options as they were given, else their defaults. A default that is a number takes numbers above 0 only, one that is
 * `false` makes a switch, `undefined` takes any text. `--help` prints the help; what is wrong ends the program with one line.
 */
export function readOptions(help, defaults) {
  const options = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, { type: value === false ? 'boolean' : 'string' }]),
  )
  const given = parse({ ...options, help: { type: 'boolean' } })
  if (given.help) {
    console.log(help)
    process.exit(0)
  }
  return Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, valueOf(name, given[name], value)]))
}

function parse(options) {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    return refuse(error.message)
  }
}

function valueOf(name, given, value) {
  if (given === undefined) return value
  if (typeof value !== 'number') return given
  const number = Number(given)
  if (number > 0 && Number.isFinite(number)) return number
  return refuse(`Cannot use --${name} ${given}: give a number above 0`)
}

/** Ends the program: its command line is wrong. */
export function refuse(message) {
  console.error(message)
  process.exit(2)
}
