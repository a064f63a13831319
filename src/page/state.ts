// A state as word and shape beside its color: readable without color, and by a screen reader.
import type { Markup } from './markup.ts'
import { markup } from './markup.ts'

/** What became of what was asked; `none` when nothing was. */
export type State = 'ok' | 'failed' | 'intermittent' | 'skipped' | 'none'

const SHAPES: Readonly<Record<State, Markup>> = {
  ok: markup`<circle cx="12" cy="12" r="10"/><path d="M7 12l4 4 6-8"/>`,
  failed: markup`<path d="M8 2h8l6 6v8l-6 6H8l-6-6V8z"/><path d="M8 8l8 8M16 8l-8 8"/>`,
  intermittent: markup`<path d="M12 3l10 18H2z"/><path d="M12 10v5M12 18v.5"/>`,
  skipped: markup`<path d="M12 2l10 10-10 10L2 12z"/><path d="M8 12h8"/>`,
  none: markup`<circle cx="12" cy="12" r="10" stroke-dasharray="4 4"/>`,
}

/** The words with their shape before them, in the state's color. */
export function renderState(state: State, text: string): Markup {
  return markup`<span class="${state}"><svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${SHAPES[state]}</svg> ${text}</span>`
}
