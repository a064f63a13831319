// The Accept header: JSON, or JSON as a Table. Protobuf is read but never offered: every client takes JSON too.

export type Wanted =
  | { readonly kind: 'json' }
  | { readonly kind: 'table' | 'discovery' | 'metadata'; readonly version: string }
  | { readonly kind: 'other' }

/** Reads what form a client prefers among those we have; `other` when there is none. */
export function readAccept(header: string | undefined): Wanted {
  if (header === undefined || header.trim() === '') return { kind: 'json' }
  for (const range of header.split(',')) {
    const [media = '', ...pairs] = range.split(';').map((part) => part.trim())
    const parameters = new Map(
      pairs.map((pair): [string, string] => [pair.split('=')[0] ?? '', pair.split('=')[1] ?? '']),
    )
    if (!['application/json', 'application/*', '*/*'].includes(media)) continue
    const version = parameters.get('v') ?? 'v1'
    const form = parameters.get('as')
    if (form === undefined) return { kind: 'json' }
    if (form === 'Table') return { kind: 'table', version }
    if (form === 'PartialObjectMetadata' || form === 'PartialObjectMetadataList') return { kind: 'metadata', version }
    if (form === 'APIGroupDiscoveryList') return { kind: 'discovery', version }
  }
  return { kind: 'other' }
}
