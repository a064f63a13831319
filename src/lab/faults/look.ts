// Looks at a lab by plain tools, as data: what somebody types where, and what the output holds while a fault is in and when it is gone.
import { textAt } from '../cluster/raw-object.ts'
import type { ObjectStore } from '../cluster/object-store.ts'
import { POD_TYPE } from '../cluster/resource-types.ts'

/** One command and what it shows. */
export interface Look {
  /** Where it is typed: `NAMESPACE/POD` or `node/NODE`; undefined: on this machine, with the lab's kubeconfig. */
  readonly place: string | undefined
  /**
   * As for a shell. `{coredns@NODE}` stands for the address of the CoreDNS pod of a node, `{coredns-pod@NODE}` for its name,
   * `{NAMESPACE/POD}` for the address of a pod, `{node}` for Node.js.
   */
  readonly command: string
  /** Found in what it prints while the fault is in; undefined: not looked at then. */
  readonly broken: RegExp | undefined
  /** Found in what it prints once the fault is out; undefined: not looked at then, as the name is gone or still cached. */
  readonly whole: RegExp | undefined
}

/** What a look expects; `broken` without `whole` is looked at while the fault is in alone, and the other way round. */
export type Expected = Partial<Pick<Look, 'broken' | 'whole'>>

/** The pod of the story that somebody sits in, on node2. */
export const CONSOLE = 'default/console'
/** A name that every cluster has. */
export const NAME: string = 'kubernetes.default.svc.cluster.local'
export const DNS_SERVICE = '10.233.0.3'
export const NODE_CACHE = '169.254.25.10'

/** Nothing came back. */
export const SILENT: RegExp = /timed out/
/** A response came back that has an answer. */
export const ANSWERED: RegExp = /status: NOERROR[^]*ANSWER: [1-9]/
export const REFUSED: RegExp = /connection refused/
export const NXDOMAIN: RegExp = /status: NXDOMAIN/
export const SERVFAIL: RegExp = /status: SERVFAIL/

/** One question by dig; default: it goes unanswered while the fault is in, and is answered once it is out. */
export function dig(place: string, words: string, expected: Expected = { broken: SILENT, whole: ANSWERED }): Look {
  return run(place, `dig +time=1 +tries=1 ${words}`, expected)
}

/** A command in a pod or on a node. */
export function run(place: string, command: string, { broken, whole }: Expected): Look {
  return { place, command, broken, whole }
}

/** kubectl as the cluster's administrator. */
export function kubectl(words: string, { broken, whole }: Expected): Look {
  return { place: undefined, command: `kubectl ${words}`, broken, whole }
}

/** An object that the fault puts there. */
export function madeObject(kind: string, name: string, namespace = 'default'): Look {
  return kubectl(`-n ${namespace} get ${kind} ${name}`, {
    broken: new RegExp(`^${name} `, 'm'),
    whole: /NotFound/,
  })
}

/**
 * Responses that a pod gets from another address than the one it asked, the DNS Service's: tcpdump shows them, as dig's connected
 * socket never does. Several questions, since not every one goes the way that the fault is on.
 */
export function strangers(place: string, broken: RegExp): Look {
  const filter = `udp src port 53 and not src host ${DNS_SERVICE}`
  const questions = `for i in 1 2 3 4; do dig +time=1 +tries=1 +notcp @${DNS_SERVICE} ${NAME}; done`
  const command = `timeout 5 tcpdump -nn -l -c 1 -i eth0 '${filter}' 2>/dev/null & sleep 0.3; ${questions}; wait`
  return run(place, command, { broken, whole: /^(?![^]*timed out)([^]*status: NOERROR){4}/ })
}

/** The state of the CoreDNS pods, which crash while the fault is in. */
export const COREDNS_CRASHES: Look = kubectl('-n kube-system get pods -l k8s-app=kube-dns', {
  broken: /CrashLoopBackOff/,
  whole: /1\/1 +Running[^]*1\/1 +Running/,
})

/** Puts names and addresses of pods in the place of what stands for them; what has no pod stays. */
export function fillIn(store: ObjectStore, text: string): string {
  return text
    .replaceAll('{node}', process.execPath)
    .replaceAll(/\{coredns(-pod)?@([a-z0-9-]+)\}/g, (all, isName: string | undefined, node: string) => {
      const pod = store
        .list(POD_TYPE, 'kube-system')
        .find(({ metadata, ...rest }) => isCoreDns(metadata.labels) && textAt(rest, 'spec', 'nodeName') === node)
      if (pod === undefined) return all
      return isName === undefined ? textAt(pod, 'status', 'podIP') : pod.metadata.name
    })
    .replaceAll(/\{([a-z0-9-]+)\/([a-z0-9-]+)\}/g, (all, namespace: string, name: string) => {
      const pod = store.get(POD_TYPE, namespace, name)
      return pod === undefined ? all : textAt(pod, 'status', 'podIP')
    })
}

/** What keeps a text that was filled in from being run, in words; undefined where nothing stands for a CoreDNS pod any more. */
export function unfilled(text: string): string | undefined {
  const node = /\{coredns(?:-pod)?@([a-z0-9-]+)\}/.exec(text)?.[1]
  return node === undefined ? undefined : `${node} has no CoreDNS pod`
}

function isCoreDns(labels: Readonly<Record<string, string>> = {}): boolean {
  return labels['k8s-app'] === 'kube-dns'
}
