// The story's fault: a node's resolv.conf lists a nameserver that never answers, second of two, so pods really ask it.
import type { FaultStage, Undo } from '../fault.ts'
import type { Fault } from '../fault.ts'
import { podsWithNodeDns, restartPods } from '../support/pods.ts'
import { SILENT, run } from '../look.ts'

const NODE = 'node4'
const FILES = ['/run/systemd/resolve/resolv.conf', '/etc/resolv.conf']
const DEAD = 'nameserver 1.2.4.8\n'

export const upstreamDead: Fault = {
  name: 'upstream-dead',
  summary: `${NODE}: 1.2.4.8, which never answers, is second in resolv.conf: external names are slow where its CoreDNS replica is asked`,
  looks: [
    run('kube-system/{coredns-pod@node4}', 'cat /etc/resolv.conf', {
      broken: /nameserver 1\.2\.4\.8/,
      whole: /^(?![^]*1\.2\.4\.8)[^]*nameserver/,
    }),
    run('node/node4', 'for i in 1 2 3 4 5 6 7 8 9 10; do dig +time=1 +tries=1 @{coredns@node4} x$i.example.com; done', {
      broken: SILENT,
    }),
  ],
  async inject(stage) {
    const files = stage.nodeFiles.get(NODE)
    const before = new Map(FILES.map((path) => [path, files?.get(path) ?? '']))
    const isThere = [...before.values()].some((text) => text.includes(DEAD))
    if (!isThere) await write(stage, new Map([...before].map(([path, text]) => [path, withDeadSecond(text)])))
    // Healed as the story healed it: the dead line deleted, the pods recreated, since they copied the file when they started.
    const repaired = new Map([...before].map(([path, text]) => [path, text.replaceAll(DEAD, '')]))
    const undo: Undo = () => write(stage, repaired)
    return undo
  },
  isThere: ({ nodeFiles }) => FILES.some((path) => nodeFiles.get(NODE)?.get(path)?.includes(DEAD) === true),
}

function withDeadSecond(text: string): string {
  const lines = text.split('\n')
  const first = lines.findIndex((line) => line.startsWith('nameserver '))
  const others = lines.filter((line, index) => index <= first || !line.startsWith('nameserver '))
  return others.join('\n').replace(/^nameserver .*\n/m, (line) => line + DEAD)
}

async function write(stage: FaultStage, texts: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, text] of texts) stage.nodeFiles.get(NODE)?.set(path, text)
  await restartPods(stage, podsWithNodeDns(stage, NODE))
}
