// The device that carries the node cache's addresses. The program makes one of type dummy; where the kernel has none, one of another
// type stands there before it starts, under the name that it looks for.
import { nodeNamespace } from './names.ts'
import { runTool } from './run-tool.ts'

/** Tried in this order: none of them needs a peer but the last. */
const SUBSTITUTES = ['ifb', 'bridge', 'veth']

/** Puts a device there unless one is, or the program can make its own. */
export async function prepareDevice(lab: string, node: string, device: string): Promise<void> {
  const ip = (...args: string[]): ReturnType<typeof runTool> => runTool('ip', ['-n', nodeNamespace(lab, node), ...args])
  if ((await ip('link', 'show', 'dev', device)).status === 0) return
  if ((await ip('link', 'add', device, 'type', 'dummy')).status === 0) {
    // Only to see whether it can: it is the program's to make.
    await ip('link', 'delete', device)
    return
  }
  for (const type of SUBSTITUTES) if ((await ip('link', 'add', device, 'type', type)).status === 0) return
}
