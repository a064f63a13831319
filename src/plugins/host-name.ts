// The name by which a server is told from its replicas: what `chaos` and `nsid` show.
import { hostname } from 'node:os'
import type { SetupContext } from '../server/index.ts'

/** The container's or the machine's name; `HOSTNAME` goes first, since one machine may run several servers. */
export function hostNameOf({ environment }: Pick<SetupContext, 'environment'>): string {
  const name = environment['HOSTNAME']
  return name === undefined || name === '' ? hostname() : name
}

/** Text as octets, one per code unit: the form that character-strings have. */
export function toOctetString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
