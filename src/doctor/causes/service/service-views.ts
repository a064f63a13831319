// The Service IP beside the replicas, place by place and transport by transport.
import { formatPlace } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { Evidence } from '../cause.ts'
import { askedRungs } from '../support.ts'

/** The canary at the Service IP and at the replicas, from one place. */
export interface ServiceView {
  readonly node: string
  readonly service: readonly Rung[]
  readonly replicas: readonly Rung[]
  /** Transports over which the Service IP brought nothing. */
  readonly lost: readonly Transport[]
  /** Transports over which something of the Service IP was lost, if only one attempt of any question. */
  readonly shaken: readonly Transport[]
}

type Transport = Rung['transport']

const TRANSPORTS: readonly Transport[] = ['udp', 'tcp']

/** From every place whose node is known; only transports that the Service has port 53 for. */
export function serviceViews({ facts, ladder }: Evidence): ServiceView[] {
  const ports = facts.dns.service?.service.ports ?? []
  const served = TRANSPORTS.filter((transport) =>
    ports.some(({ port, protocol }) => port === 53 && protocol === transport.toUpperCase()),
  )
  const asked = askedRungs(ladder).filter(
    ({ fromNode, transport }) => fromNode !== undefined && served.includes(transport),
  )
  const places = new Map<string, Rung[]>()
  for (const rung of asked) {
    const key = formatPlace(rung.from)
    places.set(key, [...(places.get(key) ?? []), rung])
  }
  return [...places.values()].flatMap((own): ServiceView[] => {
    const canaries = own.filter(({ purpose }) => purpose === 'canary')
    const service = canaries.filter(({ hop }) => hop.kind === 'dns-service')
    if (service.length === 0) return []
    // What replicas answer by themselves.
    const through = own.filter(
      ({ hop, purpose }) => hop.kind === 'dns-service' && (purpose === 'canary' || purpose === 'version'),
    )
    return [
      {
        node: own[0]?.fromNode ?? '',
        service,
        replicas: canaries.filter(({ hop }) => hop.kind === 'replica'),
        lost: served.filter((transport) => {
          const over = service.filter((rung) => rung.transport === transport)
          return over.length > 0 && !over.some(isAnswered)
        }),
        shaken: served.filter((transport) => through.some((rung) => rung.transport === transport && isShaken(rung))),
      },
    ]
  })
}

/** Nothing came of the Service IP over any transport. */
export function isDead({ service }: ServiceView): boolean {
  return !service.some(isAnswered)
}

/** Those of the lost transports over which a replica answered. */
export function transportsAnswered({ lost, replicas }: ServiceView): Transport[] {
  return lost.filter((transport) => replicas.some((rung) => rung.transport === transport && isAnswered(rung)))
}

/** Every replica that was asked answered, over some transport. */
export function reachesAll({ replicas }: ServiceView): boolean {
  return serversOf(replicas).every((name) => replicas.some((rung) => rung.hop.name === name && isAnswered(rung)))
}

/**
 * One transport is lost at the Service IP and nowhere else: every replica answers over it, and nothing came from elsewhere
 * instead.
 */
export function isLostOverOne(view: ServiceView): boolean {
  const { lost, replicas, service } = view
  return (
    lost.length > 0 &&
    !isDead(view) &&
    replicas.length > 0 &&
    service.every(({ stray }) => stray.length === 0) &&
    replicas.every((rung) => !lost.includes(rung.transport) || isAnswered(rung)) &&
    lost.every((transport) => replicas.some((rung) => rung.transport === transport))
  )
}

function serversOf(rungs: readonly Rung[]): string[] {
  return [...new Set(rungs.map(({ hop }) => hop.name))]
}

function isAnswered({ observed }: Rung): boolean {
  return observed.kind === 'response'
}

/** Lost altogether, at times, or answered at a later attempt only. */
function isShaken(rung: Rung): boolean {
  return !isAnswered(rung) || rung.result === 'intermittent' || rung.attempts > 1
}
