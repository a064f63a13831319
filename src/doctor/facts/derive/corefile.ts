// Finds Corefiles in ConfigMaps and parses them, with what CoreDNS would see beside them: the other ConfigMaps' keys under
// the paths that providers mount them at.
import { posix } from 'node:path'
import { lintCorefile, parseCorefile, type CorefileSource, type LintOptions } from '../../../corefile/index.ts'
import { describeError } from '../../../base/index.ts'
import type { ConfigMap, PodSpec } from '../../../kube/objects/index.ts'
import type { CorefileFact, CorefileProblem } from '../facts.ts'

/** Where images look for the Corefile when it is mounted as a file of a directory. */
const MOUNT = '/etc/coredns'

/**
 * The Corefile that a pod reads: of the first of its mounted ConfigMaps that holds one.
 *
 * `Corefile.base` is node-cache's template and stands for the Corefile where there is no other.
 */
export function corefileOfPod(
  spec: PodSpec | undefined,
  namespace: string,
  configMaps: readonly ConfigMap[],
): CorefileFact | undefined {
  for (const { name } of spec?.configMaps ?? []) {
    const map = configMaps.find((item) => item.meta.namespace === namespace && item.meta.name === name)
    const fact = map && corefileOfMap(map, configMaps)
    if (fact !== undefined) return fact
  }
  return undefined
}

/** The Corefile in a ConfigMap; undefined when it holds none. */
export function corefileOfMap(map: ConfigMap, configMaps: readonly ConfigMap[]): CorefileFact | undefined {
  const keys = Object.keys(map.data)
  const key = keys.includes('Corefile')
    ? 'Corefile'
    : (keys.find((name) => name === 'Corefile.base') ?? keys.find((name) => name.endsWith('.Corefile')))
  const text = key === undefined ? undefined : map.data[key]
  if (key === undefined || text === undefined) return undefined
  const { namespace, name } = map.meta
  const configMap = { namespace, name, key }
  const file = `${namespace}/${name}:${key}`
  try {
    // Doctor and explain read what any CoreDNS runs, plugins that this program does not serve included.
    const { blocks } = parseCorefile(text, { file, source: mountedMaps(map, configMaps), accepts: () => true })
    return { configMap, text, blocks }
  } catch (error) {
    return { configMap, text, blocks: [], error: describeError(error) }
  }
}

/** Findings that are errors and still let some server start: other causes judge them, with the server's version. */
const LEFT_TO_OTHERS = new Set(['forwarding-loop', 'removed-directive', 'removed-option'])

/**
 * Looks for what keeps a server from starting with a Corefile.
 *
 * @param validate reads the options of directives as the server does; absent: only what lint knows is looked at
 */
export async function withProblems(
  fact: CorefileFact,
  configMaps: readonly ConfigMap[],
  validate: LintOptions['validate'],
): Promise<CorefileFact> {
  const { namespace, name } = fact.configMap
  const map = configMaps.find(({ meta }) => meta.namespace === namespace && meta.name === name)
  if (map === undefined || fact.text.includes('__PILLAR__')) return fact
  const file = `${namespace}/${name}:${fact.configMap.key}`
  const source: CorefileSource = { ...mountedMaps(map, configMaps), env: (variable) => `{$${variable}}` }
  const findings = await lintCorefile(fact.text, { file, source, ...(validate === undefined ? {} : { validate }) })
  const problems = findings
    // What this machine's resolv.conf holds says nothing about the pod's.
    .filter(({ code, message }) => !LEFT_TO_OTHERS.has(code) && !message.includes('resolv.conf'))
    .filter(({ severity }) => severity === 'error')
    .map(({ code, line, message }): CorefileProblem => ({ code, line, message }))
  return { ...fact, problems }
}

/**
 * Shows the ConfigMaps of one namespace as files: the map itself as the Corefile's directory, and every other one under
 * `/etc/coredns/custom` (AKS, k3s, DOKS mount `coredns-custom` there).
 */
function mountedMaps(map: ConfigMap, configMaps: readonly ConfigMap[]): CorefileSource {
  const custom = configMaps.find(
    (item) => item.meta.namespace === map.meta.namespace && item.meta.name === `${map.meta.name}-custom`,
  )
  const read = (path: string): string | undefined => {
    const { directory, name } = locate(path)
    return directory === 'custom' ? custom?.data[name] : directory === '' ? map.data[name] : undefined
  }
  const isDirectory = (path: string): boolean => {
    const { directory, name } = locate(path)
    return path === MOUNT || (directory === '' && (name === 'custom' || name === map.meta.namespace))
  }
  return {
    readFile(path) {
      const text = read(path)
      if (text === undefined) throw new Error(`open ${path}: no such file or directory`)
      return text
    },
    list(path) {
      const { directory, name } = locate(posix.join(path, 'x'))
      if (name !== 'x') return []
      if (directory === 'custom') return Object.keys(custom?.data ?? {})
      return directory === '' ? Object.keys(map.data) : []
    },
    kind: (path) => (isDirectory(path) ? 'directory' : read(path) === undefined ? undefined : 'file'),
    env: () => undefined,
  }
}

/** Takes a path as the parser gives it: absolute, or relative to the fact's own `namespace/name:key`. */
function locate(path: string): { readonly directory: string; readonly name: string } {
  const relative = path.startsWith(`${MOUNT}/`) ? path.slice(MOUNT.length + 1) : path.replace(/^[^/:]*\/(?=[^/])/, '')
  const directory = posix.dirname(relative)
  return { directory: directory === '.' ? '' : directory, name: posix.basename(relative) }
}
