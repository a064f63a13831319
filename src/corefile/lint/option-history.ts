// Options that CoreDNS once had: with which release each went, and what takes its place.

export interface RemovedOption {
  readonly directive: string
  readonly option: string
  readonly removedIn: string
  readonly instead: string
}

export const REMOVED_OPTIONS: readonly RemovedOption[] = [
  {
    directive: 'kubernetes',
    option: 'upstream',
    removedIn: '1.7.0',
    instead: 'nothing: names of ExternalName Services are looked up by the server itself',
  },
  {
    directive: 'kubernetes',
    option: 'resyncperiod',
    removedIn: '1.7.0',
    instead: 'nothing: the watch needs no period',
  },
  { directive: 'kubernetes', option: 'transfer', removedIn: '1.8.0', instead: 'the "transfer" plugin' },
  { directive: 'file', option: 'transfer', removedIn: '1.8.0', instead: 'the "transfer" plugin' },
  { directive: 'auto', option: 'transfer', removedIn: '1.8.0', instead: 'the "transfer" plugin' },
  { directive: 'auto', option: 'no_reload', removedIn: '1.5.0', instead: '"reload 0"' },
  { directive: 'file', option: 'no_reload', removedIn: '1.5.0', instead: '"reload 0"' },
  { directive: 'header', option: 'set', removedIn: '1.12.4', instead: '"response set FLAG..."' },
  { directive: 'header', option: 'clear', removedIn: '1.12.4', instead: '"response clear FLAG..."' },
]
