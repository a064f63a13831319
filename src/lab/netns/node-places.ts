// The nodes of a lab of namespaces as places to run programs in. Their files lie on disk, and what somebody edits there is what their
// kubelets read.
import { join } from 'node:path'
import type { NodeFiles } from '../cluster/pod-files.ts'
import { journalPaths } from './journal.ts'
import type { Topology } from './network/topology.ts'
import { Place } from './pods/place.ts'

/** Where people edit a node's files: whole directories, since editors, as `sed -i`, put a new file in the place of the old one. */
const EDITED_IN = ['/run/systemd/resolve', '/var/lib/kubelet']

export interface NodePlacesOptions {
  readonly lab: string
  readonly nodes: Topology['nodes']
  /** What the nodes have; edits are written into it. */
  readonly nodeFiles: NodeFiles
}

export class NodePlaces {
  readonly #options: NodePlacesOptions
  readonly #places = new Map<string, Place>()

  constructor(options: NodePlacesOptions) {
    this.#options = options
  }

  /** A node with its own files as they are now; undefined when there is no such node. */
  place(name: string): Place | undefined {
    const { lab, nodes, nodeFiles } = this.#options
    const node = nodes.find((candidate) => candidate.name === name)
    if (node === undefined) return undefined
    this.readEdits(name)
    const place =
      this.#places.get(name) ??
      new Place({
        folder: join(journalPaths(lab).places, `node.${name}`),
        namespace: node.namespace,
        hostname: name,
        directories: EDITED_IN,
        environment: {},
        ownsNamespace: true,
      })
    this.#places.set(name, place)
    const files = nodeFiles.get(name) ?? new Map<string, string>()
    for (const [path, text] of files) place.write(path, text)
    for (const path of place.paths()) if (!files.has(path)) place.write(path, undefined)
    return place
  }

  /** Takes over what somebody edited in a node's files, with an editor inside the node. */
  readEdits(name: string): void {
    const files = this.#options.nodeFiles.get(name)
    const place = this.#places.get(name)
    if (files === undefined || place === undefined) return
    for (const [path, text] of files) {
      // What a fault has changed and nobody has looked at since is newer than what lies there.
      if (place.read(path) !== text) continue
      const edited = place.takeEdit(path)
      if (edited !== undefined) files.set(path, edited)
    }
  }
}
