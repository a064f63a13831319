// What a person types at a workstation to ask what a vantage behind the API server asks.
import { shellWord } from '../../base/index.ts'
import type { PlainCommand } from '../vantage.ts'
import { DEFAULT_IMAGE } from './ephemeral/choose-image.ts'

interface Named {
  readonly namespace: string
  readonly name: string
}

/** Any port that is free there. */
const LOCAL_PORT = 5353

/** A query over TCP to a port of a pod. */
export function portForwardCommand({ namespace, name }: Named, { command, server }: PlainCommand): string {
  const asked = command.replace(/ -p \d+/, '').replace(`@${server.address}`, `@127.0.0.1 -p ${LOCAL_PORT}`)
  return `kubectl port-forward -n ${namespace} pod/${name} ${LOCAL_PORT}:${server.port} & sleep 2; ${asked}; kill $!`
}

/** A page of a pod, through the API server's proxy. */
export function proxyCommand({ namespace, name }: Named, { server, path = '/' }: PlainCommand): string {
  return `kubectl get --raw ${shellWord(`/api/v1/namespaces/${namespace}/pods/${name}:${server.port}/proxy${path}`)}`
}

/** Whatever is asked from inside a pod: its image is not to be relied on. */
export function debugPodCommand(
  { namespace, name }: Named,
  { command }: PlainCommand,
  image: string = DEFAULT_IMAGE,
): string {
  return `kubectl debug -it -n ${namespace} ${name} --image=${image} -- ${command}`
}

/** Whatever is asked from a node: by a pod in the node's own network namespace. */
export function debugNodeCommand(node: string, { command }: PlainCommand): string {
  return `kubectl debug -it node/${node} --image=${DEFAULT_IMAGE} -- ${command}`
}
