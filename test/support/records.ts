// Records as a DNS engineer writes them, for tests.
import { parseRecord } from '../../src/dns/index.ts'
import type { ResourceRecord } from '../../src/dns/index.ts'

/** Reads one record in presentation format: `www.example.org. 300 IN A 192.0.2.1`. */
export function rr(text: string): ResourceRecord {
  return parseRecord(text)
}
