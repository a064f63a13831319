// The frame of a page that needs nothing else: no script, no font, no network. Its policy forbids all of them, should a name ever
// get past the escaping.
import { createHash } from 'node:crypto'
import { markup } from './markup.ts'
import type { Markup } from './markup.ts'

/** What stands in the frame; all texts in the page's language. */
export interface Document {
  /** BCP 47 tag. */
  readonly language: string
  readonly title: string
  /** The only style sheet; the policy allows this text and no other, by its hash. */
  readonly style: string
  /** Text of the link over everything else, which leads a keyboard to `main`. */
  readonly skip: string
  /** What made the page, and of when it is. */
  readonly header: Markup
  /** Begins with the only `h1`: the verdict. */
  readonly main: Markup
  readonly footer?: Markup
}

/** Renders a whole HTML page. */
export function renderDocument({ language, title, style, skip, header, main, footer }: Document): string {
  return markup`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyFor(style)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${{ html: style }}</style>
</head>
<body>
<a class="skip" href="#verdict">${skip}</a>
<header><span class="soft">${header}</span></header>
<main id="verdict" tabindex="-1">
${main}</main>
${footer === undefined ? '' : markup`<footer class="soft">${footer}</footer>\n`}</body>
</html>
`.html
}

function policyFor(style: string): string {
  const hash = createHash('sha256').update(style).digest('base64')
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`
}
