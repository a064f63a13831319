// The options that name a cluster, as they are typed again in a printed command.
import { shellWord } from '../base/index.ts'
import type { SourceOptions } from './sources.ts'

/** Gives them in a shell's words; none for the cluster that kubectl talks to. */
export function sourceWords({ namespace, lab, kubeconfig, context, manifests }: SourceOptions): string[] {
  return [
    ...(namespace === undefined ? [] : ['-n', shellWord(namespace)]),
    ...(lab === undefined ? [] : [lab === '' ? '--lab' : `--lab=${shellWord(lab)}`]),
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', shellWord(kubeconfig)]),
    ...(context === undefined ? [] : ['--context', shellWord(context)]),
    ...(manifests === undefined ? [] : ['--manifests', ...manifests.map(shellWord)]),
  ]
}
