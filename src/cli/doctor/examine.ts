// Facts, places and the ladder, as the doctor and `fathom collect` need them.
import { systemClock, watchOwnDelay } from '../../base/index.ts'
import type { BundleOptions } from '../../doctor/bundle/index.ts'
import { podResolvConfOf } from '../../doctor/facts/index.ts'
import type { MissingFact } from '../../doctor/facts/index.ts'
import { diagnose } from '../../doctor/index.ts'
import { translateReason } from '../../doctor/report/translate-reason.ts'
import type { Diagnosis } from '../../doctor/verdict/index.ts'
import type { KubeClient } from '../../kube/api/index.ts'
import { groupObjects, readList } from '../../kube/objects/index.ts'
import type { Pod } from '../../kube/objects/index.ts'
import { apiVantages } from '../../vantage/index.ts'
import type { EphemeralConsent, Vantages } from '../../vantage/index.ts'
import type { Io } from '../command.ts'
import { readEphemeral, undoingOnSignal } from '../consent.ts'
import { openSource } from '../sources.ts'
import type { OpenSource } from '../sources.ts'
import type { ExamineOptions } from './options.ts'
import { sayWithoutPlace } from '../without-place.ts'
import { createLogReader } from './read-log.ts'
import { choosePlaces } from './origins.ts'
import type { Places } from './origins.ts'

/** Nodes as their own pods show them: those of kube-system, which are listed for that. */
function nodesByExec(client: KubeClient, mostCalls: number): Vantages {
  const pods = async (): Promise<readonly Pod[]> => {
    const list = await client.getJson('/api/v1/namespaces/kube-system/pods')
    return groupObjects([readList(list)]).pods
  }
  return apiVantages({ client, pods, allowExec: true, mostCalls })
}

/** What was seen and judged, and what judging it again needs besides. */
export interface Examined {
  readonly diagnosis: Diagnosis
  readonly asked: BundleOptions
}

/**
 * Opens the source of facts, asks, and judges.
 *
 * @param signal ends asking early
 * @throws {BaseError} the options contradict each other, or their source cannot be read
 */
export async function examineCluster(options: ExamineOptions, io: Io, signal?: AbortSignal): Promise<Examined> {
  const ephemeral = consentOf(options, io)
  const { allow, mostCalls } = options
  const placesOf = allow.has('exec') ? (client: KubeClient) => nodesByExec(client, mostCalls) : undefined
  const source = await openSource(options.source, io, { placesOf, expectsTables: true })
  try {
    for (const note of source.notes) io.stderr.write(`fathom: ${note}\n`)
    return await examine(source, { options, ephemeral, signal }, io)
  } finally {
    await source.close()
  }
}

interface Examination {
  readonly options: ExamineOptions
  readonly ephemeral: EphemeralConsent | undefined
  readonly signal: AbortSignal | undefined
}

/** @throws {UsageError} */
function consentOf(
  { allow, image, from = '', source, language = 'en' }: ExamineOptions,
  io: Io,
): EphemeralConsent | undefined {
  const unfit = source.lab !== undefined ? '--lab' : source.manifests !== undefined ? '--manifests' : undefined
  const asksFromPod = from !== '' && from !== 'here' && !from.startsWith('node/')
  return readEphemeral({ allow, image, unfit, asksFromPod, translate: (line) => translateReason(line, language) }, io)
}

async function examine(source: OpenSource, { options, ephemeral, signal }: Examination, io: Io): Promise<Examined> {
  const { facts, client } = source
  const context = { io, labVantages: source.vantages, client, ephemeral }
  const places = choosePlaces(facts, options, context)
  const { absent, vantages } = places
  if (absent !== undefined && vantages !== undefined) sayWithoutPlace(absent, io, options.language)
  const close = async (): Promise<void> => {
    // A lab's are its source's.
    if (vantages !== source.vantages) await vantages?.close()
  }
  try {
    const work = async (): Promise<Examined> => {
      // What it takes to get there is not the ladder's time.
      const there = ephemeral === undefined ? undefined : places.origins.find(({ place }) => place.kind === 'pod')
      if (there !== undefined) await vantages?.at(there.place)
      return ask(source, { options, places, signal }, io)
    }
    // Whoever hands in a signal ends by it, and by what follows here.
    return await (signal === undefined ? undoingOnSignal(close, work) : work())
  } finally {
    await close()
  }
}

async function ask(
  { facts, client }: OpenSource,
  {
    options,
    places,
    signal,
  }: { readonly options: ExamineOptions; readonly places: Places; readonly signal: AbortSignal | undefined },
  io: Io,
): Promise<Examined> {
  const { origins, vantages, pod } = places
  const progress = progressLine(io)
  const { externalName, timeoutMs, repeat, from } = options
  const searches = pod === undefined ? {} : { searches: podResolvConfOf(facts, pod).conf.searches }
  const type = options.type === undefined ? {} : { type: options.type }
  const name = options.name === undefined ? {} : { name: { text: options.name, ...type, ...searches } }
  try {
    const logs = client === undefined ? undefined : createLogReader(client, options.mostCalls)
    const diagnosis = await diagnose({
      facts,
      origins,
      clock: systemClock,
      watchOwnDelay,
      timeoutMs,
      ...(repeat === undefined ? {} : { repeat }),
      ...(signal === undefined ? {} : { signal }),
      onProgress: progress.show,
      ...(vantages === undefined ? {} : { vantages }),
      ...(logs === undefined ? {} : { readLog: logs.read }),
      ...(externalName === undefined ? {} : { externalName }),
      ...name,
    })
    const pods = origins.flatMap(({ place }) =>
      place.kind === 'pod' ? [{ namespace: place.namespace, name: place.name }] : [],
    )
    const asked = {
      ...name,
      ...(from === undefined ? {} : { from }),
      ...(externalName === undefined ? {} : { externalName }),
      pods,
    }
    const seen = client === undefined ? diagnosis : withCalls(diagnosis, client.calls)
    return { diagnosis: withMissing(seen, logs?.missing() ?? []), asked }
  } finally {
    progress.clear()
  }
}

/** What nobody knew to be out of reach before it was wanted. */
function withMissing({ facts, ...rest }: Diagnosis, missing: readonly MissingFact[]): Diagnosis {
  return { ...rest, facts: { ...facts, missing: [...missing, ...facts.missing] } }
}

/** What looking at the cluster cost its API server is known when everything was asked. */
function withCalls({ facts, ...rest }: Diagnosis, calls: number): Diagnosis {
  return { ...rest, facts: { ...facts, source: { ...facts.source, calls } } }
}

/** One line on a terminal's standard error that is rewritten; nothing anywhere else. */
function progressLine({ stderr }: Io): { show: (done: number, all: number) => void; clear: () => void } {
  const isTerminal = (stderr as Partial<NodeJS.WriteStream>).isTTY === true
  let isShown = false
  return {
    show(done, all) {
      if (!isTerminal) return
      isShown = true
      stderr.write(`\r\u001B[2Kasking: ${done} of ${all}`)
    },
    clear() {
      if (isShown) stderr.write('\r\u001B[2K')
    },
  }
}
