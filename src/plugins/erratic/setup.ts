// The `erratic { drop [N] ; truncate [N] ; delay [N [DURATION]] }` directive.
import { quoteGo } from '../../base/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import { durationArgument, integerArgument } from '../arguments.ts'

export interface ErraticOptions {
  /** Every which query is not answered; 0 means none. */
  readonly drop: number
  /** Every which response has TC set; 0 means none. */
  readonly truncate: number
  /** Every which response comes late; 0 means none. */
  readonly delay: number
  /** How late, in milliseconds. */
  readonly delayMs: number
  /** Answers to A hold thirty records, more than 512 octets. */
  readonly large: boolean
}

const DEFAULT_AMOUNT = 2
const DEFAULT_DELAY_MS = 100

/** @throws {CorefileError} */
export function parseErratic(dispenser: Dispenser): ErraticOptions {
  const options = { drop: DEFAULT_AMOUNT, truncate: 0, delay: 0, delayMs: 0, large: false }
  let isDropGiven = false
  while (dispenser.next()) {
    while (dispenser.nextBlock()) {
      const option = dispenser.value()
      const args = dispenser.remainingArgs()
      if (args.length > (option === 'delay' ? 2 : 1)) throw dispenser.argError()
      const [amount, duration] = args
      switch (option) {
        case 'drop':
          if (amount === undefined) break
          options.drop = readAmount(dispenser, amount)
          isDropGiven = true
          break
        case 'truncate':
          options.truncate = readAmount(dispenser, amount)
          break
        case 'delay':
          options.delay = readAmount(dispenser, amount)
          options.delayMs = duration === undefined ? DEFAULT_DELAY_MS : durationArgument(dispenser, duration)
          break
        case 'large':
          options.large = true
          break
        default:
          throw dispenser.error(`unknown property '${option}'`)
      }
    }
  }
  const isOtherwiseErratic = options.delay > 0 || options.truncate > 0
  return isOtherwiseErratic && !isDropGiven ? { ...options, drop: 0 } : options
}

function readAmount(dispenser: Dispenser, text: string | undefined): number {
  if (text === undefined) return DEFAULT_AMOUNT
  const amount = integerArgument(dispenser, text)
  if (amount < 0 || amount > 0x7f_ff_ff_ff) throw dispenser.error(`illegal amount value given ${quoteGo(text)}`)
  return amount
}
