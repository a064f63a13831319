// Commands that change files of a node.
import { shellQuote } from './support.ts'

/** Takes a nameserver out of a resolv.conf, keeps the file as it was beside it, and lets kubelet read it again. */
export function removeNameserver(node: string, path: string, address: string): string {
  const pattern = `/^nameserver[[:space:]]+${address.replaceAll('.', String.raw`\.`)}([[:space:]]|$)/d`
  const edit = `sudo sed -E -i.bak ${shellQuote(pattern)} ${shellQuote(path)}`
  return `ssh ${shellQuote(node)} ${shellQuote(`${edit} && sudo systemctl restart kubelet`)}`
}
