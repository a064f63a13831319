// What is measured, under which setting (see programs.mjs), and how much may come of it.

/** Half of what CoreDNS can do, from the case before; a fixed rate where there is no CoreDNS. */
const saturation = (results) => results.find((one) => one.case === 'cluster-a')?.programs.coredns?.perSecond
const half = (results) => (saturation(results) ?? 20_000) / 2

export const CASES = [
  { name: 'cluster-a', setting: 'cluster', questions: 'a', title: 'cluster A, 10,000 names' },
  { name: 'cluster-a-low', setting: 'cluster', questions: 'a', outstanding: 20, title: 'the same, 20 outstanding' },
  {
    name: 'cluster-a-4000',
    setting: 'cluster',
    questions: 'a',
    rate: () => 4000,
    outstanding: 20,
    latency: true,
    title: 'the same, 4,000 a second, 20 outstanding',
  },
  {
    name: 'cluster-a-half',
    setting: 'cluster',
    questions: 'a',
    rate: half,
    latency: true,
    programs: ['fathom', 'coredns'],
    title: "the same at half of CoreDNS's rate",
  },
  {
    name: 'cluster-a-over',
    setting: 'cluster',
    questions: 'a',
    rate: (results) => half(results) * 3,
    outstanding: 1000,
    programs: ['fathom', 'coredns'],
    title: "the same at 1.5 times CoreDNS's rate",
  },
  {
    name: 'nxdomain',
    setting: 'cluster',
    questions: 'nxdomain',
    programs: ['fathom', 'coredns', 'unbound'],
    title: 'cluster NXDOMAIN',
  },
  { name: 'srv', setting: 'cluster', questions: 'srv', programs: ['fathom', 'coredns', 'unbound'], title: 'SRV' },
  { name: 'ptr', setting: 'cluster', questions: 'ptr', programs: ['fathom', 'coredns', 'unbound'], title: 'PTR' },
  {
    name: 'headless',
    setting: 'cluster',
    questions: 'headless',
    programs: ['fathom', 'coredns', 'unbound'],
    title: 'headless, 10 addresses',
  },
  { name: 'tcp', setting: 'cluster', questions: 'a', transport: 'tcp', title: 'cluster A, TCP pipelined' },
  { name: 'cluster-a-2', setting: 'cluster-2', questions: 'a', title: 'cluster A, two threads on both cores' },
  { name: 'cache', setting: 'cache', questions: 'external', title: 'cache hit, 5,000 names' },
  { name: 'miss', setting: 'cache', questions: 'unique', title: 'miss, forwarded over UDP' },
  { name: 'force-tcp', setting: 'tcp', questions: 'unique', title: 'miss, forwarded over TCP' },
]

/** Ratios of Fathom's figure to a peer's, in one run. */
export const BARS = [
  { case: 'cluster-a', peer: 'unbound', figure: 'cpuMicros', most: 1 },
  { case: 'cluster-a', peer: 'coredns', figure: 'cpuMicros', most: 0.25 },
  { case: 'cache', peer: 'unbound', figure: 'cpuMicros', most: 1 },
  { case: 'cache', peer: 'coredns', figure: 'cpuMicros', most: 0.25 },
  { case: 'miss', peer: 'coredns', figure: 'cpuMicros', most: 0.5 },
  { case: 'tcp', peer: 'coredns', figure: 'cpuMicros', most: 0.3 },
  { case: 'cluster-a-half', peer: 'coredns', figure: 'p99Micros', most: 1 },
]

/** Resident sets in MB, of Fathom alone: see memory.mjs. */
export const MEMORY_BARS = [
  { case: 'memory-idle', most: 70 },
  { case: 'memory-scale', most: 200 },
]
