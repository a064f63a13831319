// SRV records stand below the names and protocols of a Service's ports: another name, another protocol or none has none.
import type { Service } from '../../../kube/objects/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Fix, Judgement } from '../judgement.ts'
import { excluded } from '../support.ts'
import {
  absenceOf,
  digCommand,
  explainsAskedName,
  findService,
  isHeadless,
  judgeAskedService,
  nameSubject,
  namespaced,
  slicesOf,
} from './asked-service.ts'
import type { AskedService } from './asked-service.ts'

export const srvPortNameMismatch: Cause = {
  code: 'srv-port-name-mismatch',
  needs: ['asked-name', 'services'],
  judge: (evidence) => [judgeAskedService(evidence, judge)],
}

/** A port as records are made of it. */
interface NamedPort {
  /** Empty when unnamed. */
  readonly name: string
  /** In lower case. */
  readonly protocol: string
  readonly port: number
}

function judge(asked: AskedService, evidence: Evidence): Judgement {
  const subject = nameSubject(asked)
  const { namespace, name } = asked
  const service = findService(evidence.facts, namespace, asked.service)
  if (service === undefined) {
    return excluded(line('observed', 'no-service', { service: `${namespace}/${asked.service}` }), subject)
  }
  const ports = portsOf(evidence, service)
  const wanted = wantedPort(asked, evidence, ports)
  if (wanted === undefined) return excluded(line('computed', 'no-port-asked', { name }), subject)
  if (wanted === 'exists') return excluded(line('computed', 'exists', { name }), subject)
  const qualified = `${namespace}/${asked.service}`
  return {
    status: 'proven',
    subject,
    objects: [namespaced('Service', namespace, asked.service, 'spec.ports')],
    values: { name, service: qualified },
    evidence: [
      wanted.protocol === ''
        ? line('computed', 'no-protocol', { name, port: wanted.name })
        : line('computed', 'asked', { port: wanted.name, protocol: wanted.protocol.toUpperCase(), service: qualified }),
      ...portLines(ports, qualified),
    ],
    fix: fixFor(evidence, asked, { service, ports, wanted }),
    isFault: true,
    explains: explainsAskedName(evidence),
  }
}

/** The port that the name asks for and that is not there; undefined when it asks for none. */
function wantedPort(
  { answer, depth, endpoint = '' }: AskedService,
  { asked }: Evidence,
  ports: readonly NamedPort[],
): Omit<NamedPort, 'port'> | 'exists' | undefined {
  const absence = absenceOf(answer)
  if (absence?.code === 'no-port') return { name: absence.port, protocol: absence.protocol }
  if (depth === 2 && absence === undefined) return 'exists'
  // `_http.SERVICE`: the protocol's label was left out, and the port's is read as an endpoint's.
  const name = endpoint.replace(/^_/, '')
  const isPort = endpoint.startsWith('_') || (asked?.type === 'SRV' && ports.some((port) => port.name === name))
  return depth === 1 && absence?.code === 'no-endpoint' && isPort ? { name, protocol: '' } : undefined
}

/** A headless Service's records are made of its EndpointSlices' ports, another's of its own. */
function portsOf({ facts }: Evidence, service: Service): NamedPort[] {
  const all = isHeadless(service) ? slicesOf(facts, service).flatMap(({ ports }) => ports) : service.ports
  const named = all.map(({ name, protocol, port = 0 }) => ({ name, protocol: protocol.toLowerCase(), port }))
  return [...new Map(named.map((port) => [`${port.name} ${port.protocol} ${port.port}`, port])).values()]
}

function portLines(ports: readonly NamedPort[], service: string): EvidenceLine[] {
  if (ports.length === 0) return [line('stated', 'no-ports', { service })]
  return ports.slice(0, 4).map(({ name, protocol, port }) => {
    const values = { port, protocol: protocol.toUpperCase() }
    return name === '' ? line('stated', 'unnamed', values) : line('stated', 'port', { ...values, name })
  })
}

interface Mismatch {
  readonly service: Service
  readonly ports: readonly NamedPort[]
  readonly wanted: Omit<NamedPort, 'port'>
}

/** The same name over another protocol, then the only named port, then an unnamed one to be named. */
function fixFor(evidence: Evidence, asked: AskedService, { service, ports, wanted }: Mismatch): Fix {
  const named = ports.filter(({ name }) => name !== '')
  const likely = named.find(({ name }) => name === wanted.name) ?? (named.length === 1 ? named[0] : undefined)
  const unnamed = service.ports.findIndex(
    ({ name, protocol }) => name === '' && (wanted.protocol === '' || protocol.toLowerCase() === wanted.protocol),
  )
  const { namespace } = asked
  if (likely === undefined && unnamed !== -1) {
    const patch = `[{"op":"add","path":"/spec/ports/${unnamed}/name","value":"${wanted.name}"}]`
    const command = `kubectl -n ${namespace} patch service ${asked.service} --type=json -p '${patch}'`
    return { key: 'srv.name-port', values: { service: `${namespace}/${asked.service}`, port: wanted.name }, command }
  }
  if (likely === undefined) {
    const command = `kubectl -n ${namespace} get service ${asked.service} -o jsonpath='{.spec.ports}'`
    return { key: 'srv.look', values: { service: `${namespace}/${asked.service}` }, command }
  }
  const parent = asked.name.split('.').slice(asked.depth).join('.')
  const name = `_${likely.name}._${likely.protocol}.${parent}`
  return { key: 'srv.use', values: { name }, command: digCommand(evidence, name, 'SRV') }
}
