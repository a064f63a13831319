// The lab's own faults, one at a time and two at a time.

/** One fault in, the question that shows it, the fault out. */
export function singleCases(faults) {
  return faults.map((fault) => caseOf([fault]))
}

/** What is also so where a fault is shown, in the reference cluster as it is. */
const BESIDE = new Map([
  // The caches forward names of corp.example to the node's resolvers, of which one alone knows them.
  ['stub-domain-broken', ['upstreams-not-equivalent']],
  ['node-cache-upstreams-overridden', ['upstreams-not-equivalent']],
  // What fills the queue is a dead upstream.
  ['forward-max-concurrent-exceeded', ['upstream-dead']],
  // A pod that asks public resolvers on purpose has no way to the cluster either.
  ['musl-parallel-queries', ['upstreams-not-equivalent', 'dns-policy-none-incomplete']],
])

/** From different groups, each with a symptom of its own. */
const REPRESENTATIVES = [
  'service-ip-unreachable',
  'stale-udp-conntrack',
  'replica-answers-differ',
  'cluster-zone-overridden',
  'stub-domain-broken',
  'upstream-dead',
  'cluster-dns-wrong-address',
  'udp-53-blocked',
  'network-policy-blocks-egress',
  'node-cache-down',
  'node-cache-force-tcp-blocked',
  'headless-service-no-endpoints',
  'host-aliases-shadow-dns',
  'large-response-lost',
]
/** Pairs of which one leaves nothing to be seen of the other, and why. */
const HIDING = new Map([
  ['cluster-dns-wrong-address + node-cache-down', 'no pod of that node asks the cache any more'],
  ['udp-53-blocked + node-cache-force-tcp-blocked', 'no transport is left to hold the other against'],
  ['udp-53-blocked + large-response-lost', 'small datagrams are lost as well'],
  ['cluster-zone-overridden + large-response-lost', 'the name with many addresses is not served any more'],
])

/** All pairs of the representatives that this lab can have. */
export function pairCases(faults) {
  const known = REPRESENTATIVES.flatMap((name) => faults.find((fault) => fault.name === name) ?? [])
  return known
    .flatMap((one, index) => known.slice(index + 1).map((other) => caseOf([one, other])))
    .filter(({ title }) => !HIDING.has(title))
}

function caseOf(faults) {
  return {
    title: faults.map(({ name }) => name).join(' + '),
    async put(lab) {
      for (const { name } of faults) {
        const why = await lab.inject(name)
        if (why !== undefined) return why
      }
      return undefined
    },
    takeOut: (lab) => lab.heal(),
    asks: asksFor(faults),
  }
}

/** One question that shows all of them where they agree on place and name, else one for each. */
function asksFor(faults) {
  const all = faults.map(({ cause }) => cause)
  const merged = new Map()
  for (const { shownBy } of faults) {
    for (const [flag, value] of flagsOf(shownBy)) {
      if (merged.has(flag) && merged.get(flag) !== value) return oneEach(faults, all)
      merged.set(flag, value)
    }
  }
  return [{ args: [...merged].flat(), expected: all, allowed: faults.flatMap(besideOf) }]
}

function oneEach(faults, all) {
  return faults.map(({ cause, shownBy }) => ({
    args: shownBy,
    expected: [cause],
    allowed: [...all, ...faults.flatMap(besideOf)],
  }))
}

function besideOf({ name }) {
  return BESIDE.get(name) ?? []
}

/** `--name X --from Y` as pairs. */
function flagsOf(args) {
  return args.flatMap((flag, index) => (flag.startsWith('--') ? [[flag, args[index + 1] ?? '']] : []))
}
