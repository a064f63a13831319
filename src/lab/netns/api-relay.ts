// The API server's ports on the nodes: each passes connections on to the one server of the lab, whose end they meet.
import { connect, createServer } from 'node:net'
import type { ObjectStore } from '../cluster/object-store.ts'
import { numberAt, objectsAt, textsAt } from '../cluster/raw-object.ts'
import { ENDPOINT_SLICE_TYPE } from '../cluster/resource-types.ts'
import { listenInside } from './namespace-sockets.ts'
import type { Topology } from './network/topology.ts'

/** Listens wherever the Service `default/kubernetes` says that an API server is; the result ends that. */
export async function relayApi(store: ObjectStore, topology: Topology, serverPort: number): Promise<() => void> {
  const slices = store
    .list(ENDPOINT_SLICE_TYPE, 'default')
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === 'kubernetes')
  const endings: (() => void)[] = []
  for (const slice of slices) {
    const port = numberAt(objectsAt(slice, 'ports')[0] ?? {}, 'port')
    for (const address of objectsAt(slice, 'endpoints').flatMap((endpoint) => textsAt(endpoint, 'addresses'))) {
      const node = topology.nodes.find((candidate) => candidate.address === address)
      if (node !== undefined) endings.push(await relay(node.namespace, port, serverPort))
    }
  }
  return () => {
    for (const end of endings) end()
  }
}

async function relay(namespace: string, port: number, serverPort: number): Promise<() => void> {
  const sockets = new Set<{ destroy(): void }>()
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ host: '127.0.0.1', port: serverPort, allowHalfOpen: true })
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.once('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  await listenInside(namespace, { address: '0.0.0.0', port }, server)
  return () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
}
