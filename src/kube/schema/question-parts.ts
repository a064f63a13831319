// The parts of a question's name, for labels in logs.
import { lowerName } from '../../dns/name.ts'
import type { DomainName } from '../../dns/message.ts'
import { closestZone } from './closest-zone.ts'
import type { SchemaOptions } from './options.ts'
import { parseName } from './parse-name.ts'

/** Empty texts where the name has no such part. */
export interface QuestionParts {
  readonly kind: '' | 'pod' | 'svc'
  readonly namespace: string
  /** The Service, or the address label of a pod. */
  readonly service: string
  readonly endpoint: string
  readonly cluster: string
  readonly port: string
  readonly protocol: string
  readonly topologyZone: string
}

const NO_PARTS: QuestionParts = {
  kind: '',
  namespace: '',
  service: '',
  endpoint: '',
  cluster: '',
  port: '',
  protocol: '',
  topologyZone: '',
}

/** Takes a question's name apart; `invalid` when it has not the schema's shape, undefined outside the zones. */
export function questionParts(name: DomainName, options: SchemaOptions): QuestionParts | 'invalid' | undefined {
  const lower = lowerName(name)
  const zone = closestZone(lower, options.zones)
  if (zone === undefined) return undefined
  const relative = lower.length === zone.length ? '' : lower.slice(0, zone === '.' ? -1 : -zone.length - 1)
  const parsed = parseName(relative, { multicluster: options.multiclusterZones.includes(zone), zonal: options.zonal })
  switch (parsed.kind) {
    case 'apex':
      return NO_PARTS
    case 'special':
    case 'invalid':
      return 'invalid'
    case 'empty':
      return { ...NO_PARTS, kind: parsed.of, namespace: parsed.namespace }
    case 'pod':
      return { ...NO_PARTS, kind: 'pod', namespace: parsed.namespace, service: parsed.label }
    case 'service': {
      const { part } = parsed
      const whole: QuestionParts = { ...NO_PARTS, kind: 'svc', namespace: parsed.namespace, service: parsed.service }
      if (part.kind === 'endpoint') return { ...whole, endpoint: part.endpoint, cluster: part.cluster ?? '' }
      if (part.kind === 'port') return { ...whole, port: part.port, protocol: part.protocol }
      if (part.kind === 'zonal') return { ...whole, topologyZone: part.topologyZone }
      return part.kind === 'too-long' ? 'invalid' : whole
    }
  }
}
