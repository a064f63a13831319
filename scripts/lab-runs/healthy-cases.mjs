// Labs without a fault: whatever is asked there, nothing may be blamed.
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const REFERENCE = fileURLToPath(new URL('../../lab/reference/', import.meta.url))
const NODE_CACHE = '169.254.25.10'
const DNS_SERVICE = '10.233.0.3'

const QUESTIONS = [
  [],
  ['--from', 'default/console'],
  ['--from', 'node/node2'],
  ['--name', 'api.shop.svc.cluster.local'],
  ['--from', 'shop/web-5f6d8b9c47-t6wnc', '--name', 'api'],
  ['--name', 'www.example.org'],
]

export function healthyCases() {
  return QUESTIONS.map((args) => ({
    title: `doctor ${args.join(' ')}`.trim(),
    put: () => Promise.resolve(undefined),
    takeOut: () => Promise.resolve(undefined),
    asks: [{ args, expected: [] }],
  }))
}

/** The reference cluster without its node cache: a folder of its own, which the caller removes. */
export function clusterWithoutNodeCache() {
  const folder = mkdtempSync(join(tmpdir(), 'fathom-cluster-'))
  cpSync(REFERENCE, folder, { recursive: true })
  rmSync(join(folder, 'kube-system', 'nodelocaldns.yaml'))
  const control = join(folder, 'kube-system', 'control-plane.yaml')
  writeFileSync(control, readFileSync(control, 'utf8').replaceAll(NODE_CACHE, DNS_SERVICE))
  const nodes = join(folder, 'nodes')
  for (const node of readdirSync(nodes)) {
    const path = join(nodes, node, 'var/lib/kubelet/config.yaml')
    writeFileSync(path, readFileSync(path, 'utf8').replace(`- ${NODE_CACHE}`, `- ${DNS_SERVICE}`))
  }
  return folder
}
