// The name that the user asks about: what the schema says, and whether that is a failure.
import { formatRData } from '../dns/index.ts'
import type { AskedName, Explain, Rung } from './ladder/index.ts'
import { isFailing, phrase } from './ladder/index.ts'
import type { AskedOutcome } from './verdict/index.ts'

/** What should come of the asked name. */
export function describeAsked(asked: AskedName, explain: Explain): AskedOutcome {
  if (!asked.inCluster) return { asked, records: [] }
  const answer = explain(asked.name, asked.type)
  switch (answer.kind) {
    case 'records':
    case 'delegate':
      return { asked, records: answer.answer.map(({ rdata }) => formatRData(rdata)).sort() }
    case 'nodata':
    case 'nxdomain': {
      const { code, ...values } = answer.absence
      return { asked, records: [], absence: phrase(`absence.${code}`, values) }
    }
    default:
      return { asked, records: [] }
  }
}

/** Whether the name does not exist by the schema, or did not resolve somewhere. */
export function askedFails({ absence }: AskedOutcome, rungs: readonly Rung[]): boolean {
  return absence !== undefined || rungs.some((rung) => rung.purpose === 'asked' && isFailing(rung))
}
