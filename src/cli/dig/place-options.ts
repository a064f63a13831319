// The options that dig does not have: from where to ask. They stand anywhere on the command line and hold for all of it.
import type { PlaceOptions } from '../place.ts'
import { DigError } from './usage.ts'

export interface PlacedArguments {
  /** What is left for dig's own reading. */
  readonly args: readonly string[]
  /** Undefined: ask from this machine. */
  readonly place: PlaceOptions | undefined
}

const OPTIONS: Readonly<Record<string, 'in' | 'namespace' | 'netns' | 'pid'>> = {
  '--in': 'in',
  '--netns': 'netns',
  '--pid': 'pid',
  '--namespace': 'namespace',
}

/** Takes `--in`, `--netns`, `--pid`, `--namespace` and `--lab[=NAME]` out of the arguments. @throws {DigError} */
export function takePlaceOptions(all: readonly string[]): PlacedArguments {
  const args: string[] = []
  const place: { -readonly [Key in keyof PlaceOptions]: PlaceOptions[Key] } = {}
  for (let index = 0; index < all.length; index += 1) {
    const argument = all[index] ?? ''
    const [name, attached] = splitOption(argument)
    const key = OPTIONS[name]
    if (name === '--lab') place.lab = attached ?? ''
    else if (key === undefined) args.push(argument)
    else {
      const value = attached ?? all[index + 1]
      if (value === undefined || value === '') throw new DigError(`Invalid option: ${name} needs a value`)
      if (attached === undefined) index += 1
      place[key] = value
    }
  }
  return { args, place: Object.keys(place).length === 0 ? undefined : place }
}

function splitOption(argument: string): readonly [string, string?] {
  const equals = argument.indexOf('=')
  return argument.startsWith('--') && equals > 0 ? [argument.slice(0, equals), argument.slice(equals + 1)] : [argument]
}
