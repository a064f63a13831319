// Responses that came from another address than the one that was asked: dig's "reply from unexpected source".
import type { Ladder, Rung } from '../../ladder/index.ts'
import { askedRungs } from '../support.ts'

/** A query and the response that came from elsewhere. */
export interface StraySource {
  readonly rung: Rung
  /** Address that was asked. */
  readonly asked: string
  /** Address that the response came from. */
  readonly from: string
}

/** Every such pair of the ladder. */
export function straySources(ladder: Ladder): StraySource[] {
  return askedRungs(ladder).flatMap((rung) =>
    rung.stray.flatMap(({ key, values }) =>
      key === 'stray.other-address'
        ? [{ rung, asked: rung.to.address, from: addressOf(String(values['from'] ?? '')) }]
        : [],
    ),
  )
}

/** Of `10.0.0.1:53` or `[fd00::1]:53`. */
function addressOf(endpoint: string): string {
  return endpoint.replace(/:\d+$/, '').replaceAll(/[[\]]/g, '')
}
