// GET …/pods/NAME/log: what `kubectl logs` reads.
import type { ServerResponse } from 'node:http'
import type { EphemeralRunner } from '../ephemeral-runner.ts'
import type { LogLine, PodAccess } from '../pod-access.ts'
import type { ObjectStore } from '../object-store.ts'
import { keyOf, objectsAt, textAt } from '../raw-object.ts'
import type { RawObject } from '../raw-object.ts'
import { POD_TYPE } from '../resource-types.ts'
import { ApiError } from './api-error.ts'

/** Serves a container's log, following it when asked to. @throws {ApiError} `BadRequest` */
export function servePodLog(
  pod: RawObject,
  query: URLSearchParams,
  {
    access,
    ephemeral,
    store,
    response,
  }: {
    readonly access: PodAccess
    readonly ephemeral: EphemeralRunner
    readonly store: ObjectStore
    readonly response: ServerResponse
  },
): void {
  const container = containerOf(pod, query.get('container'))
  const log = ephemeral.log(pod, container) ?? access.log(pod, container)
  const since = sinceMs(query)
  const render = (line: LogLine): string =>
    query.get('timestamps') === 'true' ? `${new Date(line.at).toISOString()} ${line.text}\n` : `${line.text}\n`
  const previous = query.get('previous') === 'true'
  const kept = ((previous ? log?.previousLines?.() : log?.lines()) ?? []).filter((line) => line.at >= since)
  const tail = query.get('tailLines')
  const lines = tail === null ? kept : kept.slice(Math.max(0, kept.length - count(tail, 'tailLines')))
  const text = lines.map(render).join('')
  const limit = query.get('limitBytes')
  response.writeHead(200, { 'content-type': 'text/plain' })
  response.write(limit === null ? text : text.slice(0, count(limit, 'limitBytes')))
  if (query.get('follow') !== 'true' || log === undefined) {
    response.end()
    return
  }
  response.flushHeaders()
  const unfollow = log.subscribe((line) => response.write(render(line)))
  // Nothing comes after the pod's end, and clients wait for no more.
  const unwatch = store.subscribe(({ type, change, object }) => {
    if (type === POD_TYPE && change === 'deleted' && keyOf(object) === keyOf(pod)) response.end()
  })
  void ephemeral.process(pod, container)?.ended.finally(() => setImmediate(() => response.end()))
  response.once('close', () => {
    unfollow()
    unwatch()
  })
}

function containerOf(pod: RawObject, asked: string | null): string {
  const names = objectsAt(pod, 'spec', 'containers').map((container) => textAt(container, 'name'))
  const { name } = pod.metadata
  if (asked === null || asked === '') {
    const [only = ''] = names
    if (names.length === 1) return only
    throw new ApiError(
      'BadRequest',
      `a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]`,
    )
  }
  const added = objectsAt(pod, 'spec', 'ephemeralContainers').map((container) => textAt(container, 'name'))
  if (names.includes(asked) || added.includes(asked)) return asked
  throw new ApiError('BadRequest', `container ${asked} is not valid for pod ${name}`)
}

function sinceMs(query: URLSearchParams): number {
  const seconds = query.get('sinceSeconds')
  if (seconds !== null) return Date.now() - count(seconds, 'sinceSeconds') * 1000
  const time = query.get('sinceTime')
  return time === null ? 0 : Date.parse(time) || 0
}

function count(text: string, parameter: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0)
    throw new ApiError('BadRequest', `${parameter} "${text}" is no whole number from 0 on`)
  return value
}
