// What follows a trace whose name nobody knows: the command that says why, and the name that was probably meant.
import { UsageError, shellWord } from '../../base/index.ts'
import type { ClusterFacts } from '../../doctor/facts/index.ts'
import { findNode, findPod } from '../explain/asker.ts'
import { explain, readRequest } from '../explain/explain.ts'
import type { Explanation } from '../explain/explanation.ts'
import { sourceWords } from '../source-words.ts'
import type { SourceOptions } from '../sources.ts'
import type { TraceReport } from './trace-report.ts'
import { createSay } from './wording/index.ts'

/** One line; undefined where the lookup did not end with "no such name". */
export function notFoundHint(
  facts: ClusterFacts,
  report: TraceReport,
  options: SourceOptions & { readonly from?: string },
): string | undefined {
  const { name, types, resolver, outcome, firstDifference, language } = report
  if (outcome.kind !== 'not-found' || firstDifference !== null) return undefined
  const from = options.from ?? ''
  const node = findNode(facts, from)
  const type = types.length === 1 ? types[0] : undefined
  const asker = { resolver, ...(node === undefined ? { pod: findPod(facts, from) } : { node }) }
  const meant = namesMeant(() => explain(facts, readRequest(name, type), asker))
  if (meant === undefined) return undefined
  const words = ['fathom', 'explain', name, ...(type === undefined || type === 'A' ? [] : [type]), '--from', from]
  const command = [...words.map(shellWord), ...sourceWords(options)].join(' ')
  const say = createSay(language)
  return meant.length === 0
    ? say.words('see-explain', { command })
    : say.words('see-explain-meant', { command, meant: meant.join(say.words('list-joint')) })
}

/** Text that a resolver takes for a name, such as "10.0.0", may be none that can be explained. */
function namesMeant(explained: () => Explanation): string[] | undefined {
  try {
    return explained()
      .suggestions.flatMap(({ name }) => (name === null ? [] : [name]))
      .slice(0, 3)
  } catch (error) {
    if (error instanceof UsageError) return undefined
    throw error
  }
}
