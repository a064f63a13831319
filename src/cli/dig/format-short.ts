// The short form: RDATA of the answer section, one record a line.
import type { Message } from '../../dns/index.ts'
import { formatDigRData } from './format-rdata.ts'
import { formatTime } from './output.ts'
import type { Server } from './servers.ts'
import type { Settings } from './settings.ts'

/** Formats the answers; empty for a response without any. */
export function formatShort(
  message: Message,
  settings: Settings,
  from: { readonly server: Server; readonly rttMs: number },
): string {
  const identity = settings.identify
    ? ` from server ${from.server.address} in ${formatTime(from.rttMs, settings).short}.`
    : ''
  return message.answer
    .map((record) => `${formatDigRData(record, { ...settings, multiline: false })}${identity}\n`)
    .join('')
}
