// What faults can do to the kernels of a lab: the same that anybody could do with ip and iptables.
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { encodeMessage, query } from '../../dns/index.ts'
import { forbidTwins, inNetworkNamespace, openDatagramSocket } from '../../sys/index.ts'
import { LabError } from '../cluster/lab-error.ts'
import type { KernelPlace, KernelStage } from '../faults/fault.ts'
import { collideQueries } from './collision/collide-queries.ts'
import { listenInside, requireLibc, writeSettings } from './namespace-sockets.ts'
import { namespacePath, nodeNamespace, underlayNamespace, upstreamNamespace } from './names.ts'
import { nodePort } from './network/underlay.ts'
import { vxlanCommands } from './network/flannel.ts'
import { applyWiring } from './network/wiring.ts'
import type { NetnsLab } from './netns-lab.ts'
import { hasPacketQueues } from './requirements.ts'
import { runInside, runTool, toolEnvironment } from './run-tool.ts'

/** How often a client with a fixed port asks, in milliseconds: within the time-out of an entry without replies, 30 s. */
const ASK_EVERY_MS = 5000
const BUFFER_BYTES = 65_536

/** The kernels of a lab in this process. */
export function kernelStage({ parts }: NetnsLab): KernelStage {
  const { name: lab, network, proxy, pods, lacks } = parts
  const { topology } = network
  const namespaceOf = (place: KernelPlace): string => {
    switch (place.kind) {
      case 'node':
        return nodeNamespace(lab, place.name)
      case 'pod':
        return pods.place(place.namespace, place.name)?.namespace ?? ''
      case 'upstream':
        return upstreamNamespace(lab, place.address)
      case 'underlay':
        return underlayNamespace(lab)
    }
  }
  const nodeOf = (name: string): (typeof topology.nodes)[number] => {
    const node = topology.nodes.find((candidate) => candidate.name === name)
    if (node === undefined) throw new LabError('not-supported', `The lab has no node "${name}"`)
    return node
  }
  return {
    cni: network.cni.name,
    nodes: topology.nodes.map(({ name }) => name),
    podCidr: topology.podCidr,
    run: (place, [program = '', ...args], input) => runInside(namespaceOf(place), program, args, input),
    setting: (place, name) => readSetting(namespaceOf(place), name),
    setSetting: (place, name, value) => writeSettings(namespaceOf(place), { [name]: value }),
    portOf: (node) => nodePort(topology.nodes.indexOf(nodeOf(node))),
    setVxlanPort: (node, port) =>
      applyWiring({ namespaces: [], links: [], inside: [vxlanCommands(nodeOf(node), topology, port)] }),
    setRulesFrozen: (node, frozen) => (frozen ? proxy.freeze(node) : proxy.start(node)),
    hold: (place, port) => hold(namespaceOf(place), port),
    collide: hasPacketQueues(lacks)
      ? (place, queue) => {
          const library = requireLibc()
          return inNetworkNamespace(library, namespacePath(namespaceOf(place)), () => collideQueries(library, queue))
        }
      : undefined,
    watchAddresses: (place, device, onChange) => watchAddresses(namespaceOf(place), device, onChange),
    async processes(place) {
      const { stdout } = await runTool('ip', ['netns', 'pids', namespaceOf(place)])
      return stdout.split('\n').flatMap((line) => (line === '' ? [] : [Number(line)]))
    },
    keepAsking: (place, { fromPort, server }) => keepAsking(namespaceOf(place), fromPort, server),
  }
}

function readSetting(namespace: string, name: string): string | undefined {
  return inNetworkNamespace(requireLibc(), namespacePath(namespace), () => {
    try {
      return readFileSync(`/proc/sys/${name}`, 'utf8').trim()
    } catch {
      return undefined
    }
  })
}

function watchAddresses(namespace: string, device: string, onChange: () => void): () => void {
  const args = ['-n', namespace, 'monitor', 'address', 'dev', device]
  const monitor = spawn('ip', args, { env: toolEnvironment(), stdio: ['ignore', 'pipe', 'ignore'] })
  monitor.on('error', () => undefined)
  monitor.stdout.on('data', onChange)
  monitor.unref()
  return () => void monitor.kill()
}

async function hold(namespace: string, port: number): Promise<() => void> {
  const library = requireLibc()
  const address = '0.0.0.0'
  const fd = inNetworkNamespace(library, namespacePath(namespace), () =>
    openDatagramSocket(library, { address, port, reuseAddr: false, reusePort: false, bufferBytes: BUFFER_BYTES }),
  )
  const datagrams = createSocket('udp4')
  datagrams.on('error', () => undefined)
  datagrams.bind({ fd })
  const streams = createServer((socket) => socket.on('error', () => undefined).resume())
  const release = (): void => {
    datagrams.close()
    streams.close()
  }
  try {
    await listenInside(namespace, { address, port }, streams)
  } catch (error) {
    release()
    throw error
  }
  return release
}

function keepAsking(namespace: string, port: number, server: string): () => void {
  const library = requireLibc()
  const fd = inNetworkNamespace(library, namespacePath(namespace), () =>
    openDatagramSocket(library, {
      address: '0.0.0.0',
      port,
      reuseAddr: false,
      reusePort: false,
      bufferBytes: BUFFER_BYTES,
    }),
  )
  const socket = createSocket('udp4')
  socket.on('error', () => undefined)
  const ask = (): void => {
    const message = encodeMessage(query({ name: 'kubernetes.default.svc.cluster.local.' }))
    socket.send(message, 53, server, () => undefined)
  }
  socket.once('listening', () => {
    forbidTwins(library, fd)
    ask()
  })
  socket.bind({ fd })
  const timer = setInterval(ask, ASK_EVERY_MS)
  return () => {
    clearInterval(timer)
    socket.close()
  }
}
