// Markup that cannot be written unescaped by accident: every value put into a template is text until it is Markup.

/** A piece of HTML; made by {@link markup} and nothing else, but for the style sheet. */
export interface Markup {
  readonly html: string
}

type Value = Markup | number | string | readonly Markup[]

/** Template tag: escapes what is filled in, passes markup on. For element content and quoted attributes only. */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const filled = parts.map((part, index) => (index === 0 ? part : htmlOf(values[index - 1] ?? '') + part))
  return { html: filled.join('') }
}

/**
 * Escapes text for element content and quoted attributes.
 *
 * Control characters and those that turn the direction of writing are replaced: names come from strangers, and a command
 * must paste as what it looks like.
 */
export function escapeHtml(text: string): string {
  return text
    .replaceAll(/[^\t\n\u0020-\u007E\u00A0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll(/[\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

function htmlOf(value: Value): string {
  if (typeof value === 'string') return escapeHtml(value)
  if (typeof value === 'number') return String(value)
  return 'html' in value ? value.html : value.map(({ html }) => html).join('')
}
