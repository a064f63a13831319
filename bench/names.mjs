// What every server of a comparison holds and is asked: the same cluster, the same names. Numbers decide everything, so that
// processes need not tell each other.

export const SERVICES = 10_000
export const NAMESPACES = 100
export const HEADLESS = 200
export const ENDPOINTS = 10
export const EXTERNAL = 5000

export const serviceName = (n) => `svc-${n}.ns-${n % NAMESPACES}.svc.cluster.local`
export const serviceAddress = (n) => `10.96.${n >> 8}.${n & 255}`
export const headlessName = (n) => `headless-${n}.ns-${n % NAMESPACES}.svc.cluster.local`
export const endpointAddress = (n, index) => `10.64.${n}.${index + 1}`
export const externalName = (n) => `host-${n}.example.org`
const reverseName = (address) => `${address.split('.').reverse().join('.')}.in-addr.arpa`

/** Lines of dnsperf's input, by kind of question. */
export const QUESTIONS = {
  a: () => range(SERVICES).map((n) => `${serviceName(n)} A`),
  nxdomain: () => range(SERVICES).map((n) => `no-${n}.ns-${n % NAMESPACES}.svc.cluster.local A`),
  srv: () => range(SERVICES).map((n) => `_http._tcp.${serviceName(n)} SRV`),
  ptr: () => range(SERVICES).map((n) => `${reverseName(serviceAddress(n))} PTR`),
  headless: () => range(HEADLESS).map((n) => `${headlessName(n)} A`),
  external: () => range(EXTERNAL).map((n) => `${externalName(n)} A`),
  /** Never the same twice in one run of the program. */
  unique: (round) => range(400_000).map((n) => `r${round}-${n}.example.org A`),
}

export function range(count) {
  return Array.from({ length: count }, (_, index) => index)
}

/** The same records as Unbound's local data. */
export function unboundData() {
  const a = range(SERVICES).flatMap((n) => {
    const owner = `${serviceName(n)}.`
    return [
      `local-data: "${owner} 5 IN A ${serviceAddress(n)}"`,
      `local-data: "_http._tcp.${owner} 5 IN SRV 0 100 80 ${owner}"`,
      `local-data: "${reverseName(serviceAddress(n))}. 5 IN PTR ${owner}"`,
    ]
  })
  const headless = range(HEADLESS).flatMap((n) =>
    range(ENDPOINTS).map((index) => `local-data: "${headlessName(n)}. 5 IN A ${endpointAddress(n, index)}"`),
  )
  const soa =
    'local-data: "cluster.local. 5 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 5"'
  return ['local-zone: "cluster.local." static', 'local-zone: "10.in-addr.arpa." static', soa, ...a, ...headless]
}

/** The Services' addresses as a hosts file, for dnsmasq and Knot Resolver. */
export function hostsFile() {
  return range(SERVICES).map((n) => `${serviceAddress(n)} ${serviceName(n)}`)
}
