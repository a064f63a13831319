// The `kubernetes` directive that decides which names exist, and where it stands.
import { optionsNamed, readKubernetesOptions, readStatements } from '../../../route/index.ts'
import type { KubernetesOptions, Statement } from '../../../route/index.ts'
import type { CorefileFact } from '../../facts/index.ts'

export interface KubernetesDirective {
  readonly corefile: CorefileFact
  readonly options: KubernetesOptions
  readonly statement: Statement
}

/** The first `kubernetes` directive of the cluster's Corefile; undefined where none was seen. */
export function findKubernetesDirective(corefile: CorefileFact | undefined): KubernetesDirective | undefined {
  for (const block of corefile?.blocks ?? []) {
    const options = readKubernetesOptions(block)
    const directive = block.directives.find(({ name }) => name === 'kubernetes')
    const statement = directive && readStatements(directive)[0]
    if (corefile !== undefined && options !== undefined && statement !== undefined)
      return { corefile, options, statement }
  }
  return undefined
}

/** The line of an option, or of the directive where the option is absent. */
export function lineOf({ statement }: KubernetesDirective, option?: string): number {
  const found = option === undefined ? undefined : optionsNamed(statement, option)[0]
  return found?.at.line ?? statement.at.line
}
