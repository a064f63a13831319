// The options that dig does not have: from where to ask. They stand anywhere on the command line and hold for all of it.
import type { PlaceOptions } from '../place/place-options.ts'
import { DigError } from './usage.ts'

/** A place, and what may be done in the cluster to get there. */
export type DigPlace = Omit<PlaceOptions, 'allowExec' | 'env' | 'ephemeral'> & {
  /** Each `--allow`, as given. */
  readonly allow?: readonly string[]
  readonly image?: string
}

export interface PlacedArguments {
  /** What is left for dig's own reading. */
  readonly args: readonly string[]
  /** Undefined: ask from this machine. */
  readonly place: DigPlace | undefined
}

const OPTIONS: Readonly<
  Record<string, 'allow' | 'as' | 'context' | 'image' | 'in' | 'kubeconfig' | 'namespace' | 'netns' | 'pid'>
> = {
  '--allow': 'allow',
  '--as': 'as',
  '--context': 'context',
  '--image': 'image',
  '--in': 'in',
  '--kubeconfig': 'kubeconfig',
  '--netns': 'netns',
  '--pid': 'pid',
  '--namespace': 'namespace',
}
/** What says how to reach a place, and nothing without one. */
const ON_THE_WAY = ['allow', 'as', 'context', 'image', 'kubeconfig', 'namespace'] as const

/** Takes the options of a place, `--lab[=NAME]` among them, out of the arguments. @throws {DigError} */
export function takePlaceOptions(all: readonly string[]): PlacedArguments {
  const args: string[] = []
  const place: { -readonly [Key in keyof DigPlace]: DigPlace[Key] } = {}
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
      if (key === 'allow') place.allow = [...(place.allow ?? []), value]
      else place[key] = value
    }
  }
  if (Object.keys(place).length === 0) return { args, place: undefined }
  const stray = ON_THE_WAY.find((key) => place[key] !== undefined)
  if (stray !== undefined && place.in === undefined) {
    throw new DigError(`Invalid option: --${stray} says how to reach the place of --in, and there is none`)
  }
  return { args, place }
}

function splitOption(argument: string): readonly [string, string?] {
  const equals = argument.indexOf('=')
  return argument.startsWith('--') && equals > 0 ? [argument.slice(0, equals), argument.slice(equals + 1)] : [argument]
}
