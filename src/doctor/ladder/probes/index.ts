import { probeFamilies } from './families.ts'
import { probeLarge } from './large.ts'
import { probeNameservers } from './nameservers.ts'
import type { Probe } from './probe.ts'
import { probeStubs } from './stubs.ts'
import { probeSuffixes } from './suffixes.ts'

export const PROBES: readonly Probe[] = [probeNameservers, probeFamilies, probeLarge, probeStubs, probeSuffixes]
