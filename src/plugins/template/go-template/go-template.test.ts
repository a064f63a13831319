import { array, assert, constantFrom, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TemplateError, compileTemplate, type TemplateValue } from './index.ts'

const VALUES: TemplateValue = {
  Name: 'ip-10-0-0-1.example.org.',
  Type: 'A',
  Count: 3,
  Yes: true,
  No: false,
  Empty: '',
  Match: ['whole', 'one', 'two'],
  Group: new Map<string, TemplateValue>([
    ['a', '10'],
    ['hex', 'ff'],
  ]),
  Question: { Name: 'X.', Qtype: 1 },
  Meta: (label) => `meta:${typeof label === 'string' ? label : '?'}`,
}

function run(source: string): string {
  return compileTemplate(source).execute(VALUES)
}

describe('compileTemplate()', () => {
  it.each([
    { source: 'plain text', expected: 'plain text' },
    { source: '{{ .Name }} 60 IN A 192.0.2.1', expected: 'ip-10-0-0-1.example.org. 60 IN A 192.0.2.1' },
    { source: '{{.Name}}', expected: 'ip-10-0-0-1.example.org.' },
    { source: '{{ .Group.a }}.{{ .Group.hex }}', expected: '10.ff' },
    { source: '{{ .Group.none }}', expected: '<no value>' },
    { source: '{{ index .Group "none" }}|', expected: '|' },
    { source: '{{ index .Match 1 }}', expected: 'one' },
    { source: '{{ .Question.Name }} {{ .Question.Qtype }}', expected: 'X. 1' },
    { source: '{{ .Meta "kubernetes/service" }}', expected: 'meta:kubernetes/service' },
    { source: '{{ "kubernetes/service" | .Meta }}', expected: 'meta:kubernetes/service' },
    { source: '{{ .Match }}', expected: '[whole one two]' },
    { source: '{{ .Group }}', expected: 'map[a:10 hex:ff]' },
    // Trimming and comments.
    { source: 'a  {{- 1 -}}  b', expected: 'a1b' },
    { source: 'a {{/* a comment */}} b', expected: 'a  b' },
    { source: 'a {{- /* trims */ -}} b', expected: 'ab' },
    { source: '{{ -3 }}', expected: '-3' },
    // Literals.
    { source: '{{ 0x10 }} {{ 0b11 }} {{ 1_000 }} {{ 1.5 }}', expected: '16 3 1000 1.5' },
    { source: '{{ `raw "text"` }} {{ "tab\\tquote\\"" }} {{ \'a\' }}', expected: 'raw "text" tab\tquote" 97' },
    { source: '{{ true }} {{ false }}', expected: 'true false' },
    // Control structures.
    { source: '{{ if .Yes }}a{{ else }}b{{ end }}', expected: 'a' },
    { source: '{{ if .No }}a{{ else if eq .Type "A" }}b{{ else }}c{{ end }}', expected: 'b' },
    { source: '{{ if .Empty }}a{{ end }}b', expected: 'b' },
    { source: '{{ with .Group.a }}{{ . }}{{ else }}none{{ end }}', expected: '10' },
    { source: '{{ with .Empty }}{{ . }}{{ else }}none{{ end }}', expected: 'none' },
    { source: '{{ range .Match }}<{{ . }}>{{ end }}', expected: '<whole><one><two>' },
    { source: '{{ range $i, $m := .Match }}{{ $i }}={{ $m }};{{ end }}', expected: '0=whole;1=one;2=two;' },
    { source: '{{ range $k, $v := .Group }}{{ $k }}={{ $v }};{{ end }}', expected: 'a=10;hex=ff;' },
    { source: '{{ range .Empty | print | len }}x{{ else }}none{{ end }}', expected: 'none' },
    {
      source: '{{ range $i, $m := .Match }}{{ if eq $i 1 }}{{ continue }}{{ end }}{{ $m }}{{ end }}',
      expected: 'wholetwo',
    },
    { source: '{{ range .Match }}{{ . }}{{ break }}{{ end }}', expected: 'whole' },
    { source: '{{ range 3 }}{{ . }}{{ end }}', expected: '012' },
    { source: '{{ $x := .Group.a }}{{ $x }}', expected: '10' },
    { source: '{{ $x := 1 }}{{ if .Yes }}{{ $x = 2 }}{{ end }}{{ $x }}', expected: '2' },
    { source: '{{ with .Question }}{{ .Name }} {{ $.Type }}{{ end }}', expected: 'X. A' },
    { source: '{{ define "o" }}[{{ . }}]{{ end }}{{ template "o" .Type }}', expected: '[A]' },
    { source: '{{ block "b" .Count }}<{{ . }}>{{ end }}', expected: '<3>' },
    // Functions.
    { source: '{{ printf "%s-%02d-%x" .Type .Count 255 }}', expected: 'A-03-ff' },
    { source: '{{ .Count | printf "%d-%d" 1 }}', expected: '1-3' },
    { source: '{{ printf "%5.2f|%-4s|%q|%v%%" 3.14159 "ab" "q" .Yes }}', expected: ' 3.14|ab  |"q"|true%' },
    { source: '{{ printf "%d" "x" }}', expected: '%!d(string=x)' },
    { source: '{{ printf "%s" }}', expected: '%!s(MISSING)' },
    { source: '{{ parseInt .Group.hex 16 32 }}', expected: '255' },
    { source: '{{ printf "%d" (parseInt "0a" 16 8) }}', expected: '10' },
    { source: '{{ len .Name }} {{ len .Match }}', expected: '24 3' },
    { source: '{{ slice .Name 3 5 }}', expected: '10' },
    {
      source: '{{ eq .Type "AAAA" "A" }} {{ ne 1 2 }} {{ lt 1 2 }} {{ le 2 2 }} {{ gt 1 2 }} {{ ge 1 2 }}',
      expected: 'true true true true false false',
    },
    {
      source: '{{ and .Yes .Type }} {{ and .No .Missing }} {{ or .Empty "x" }} {{ not .Yes }}',
      expected: 'A false x false',
    },
    { source: '{{ if and .Yes (gt .Count 2) }}y{{ end }}', expected: 'y' },
    {
      source: '{{ html "<a&b>" }} {{ urlquery "a b/c" }} {{ print 1 2 "x" 3 }}',
      expected: '&lt;a&amp;b&gt; a+b%2Fc 1 2x3',
    },
    { source: '{{ index .Match (len .Empty) }}', expected: 'whole' },
    { source: '{{ (index .Match 2) | printf "%s!" }}', expected: 'two!' },
  ])('gives $expected for $source', ({ source, expected }) => {
    expect(run(source)).toBe(expected)
  })

  it.each([
    { source: '{{', message: 'unclosed action' },
    { source: '{{ .Name', message: 'unclosed action' },
    { source: '{{ }}', message: 'missing value for command' },
    { source: '{{ if .Yes }}a', message: 'no {{end}}' },
    { source: '{{ end }}', message: 'unexpected {{end}}' },
    { source: '{{ nofunction 1 }}', message: 'function "nofunction" not defined' },
    { source: '{{ $x }}', message: 'undefined variable "$x"' },
    { source: '{{ "open }}', message: 'unterminated quoted string' },
    { source: '{{ (1 }}', message: 'unclosed left paren' },
    { source: '{{ break }}', message: 'outside {{range}}' },
    { source: '{{ .A | 3 }}', message: 'non executable command' },
  ])('does not compile $source', ({ source, message }) => {
    expect(() => compileTemplate(source)).toThrow(message)
  })

  it.each([
    { source: '{{ .Nope }}', message: "can't evaluate field Nope" },
    { source: '{{ index .Match 7 }}', message: 'index out of range: 7' },
    {
      source: '{{ parseInt "xyz" 10 32 }}',
      message: 'error calling parseInt: strconv.ParseUint: parsing "xyz": invalid syntax',
    },
    { source: '{{ parseInt "300" 10 8 }}', message: 'value out of range' },
    { source: '{{ lt 1 "a" }}', message: 'incompatible types for comparison' },
    { source: '{{ .Name 1 }}', message: "can't give argument to non-function" },
    { source: '{{ template "none" }}', message: 'template "none" not defined' },
    { source: '{{ define "r" }}{{ template "r" }}{{ end }}{{ template "r" }}', message: 'maximum template depth' },
    { source: '{{ range 1000 }}{{ range 1000 }}x{{ end }}{{ end }}', message: 'template' },
  ])('cannot carry out $source', ({ source, message }) => {
    expect(() => run(source)).toThrow(message)
    expect(() => run(source)).toThrow(TemplateError)
  })

  it('ends on any text with an output or a TemplateError', () => {
    const piece = constantFrom(
      '{{',
      '}}',
      ' .Name ',
      'if',
      ' end ',
      '$x',
      ':=',
      '|',
      '"a"',
      '(',
      ')',
      'range',
      '.',
      '1',
      'x',
      '- ',
      ' -',
    )
    assert(
      property(array(piece, { maxLength: 12 }), (pieces) => {
        try {
          expect(typeof run(pieces.join(''))).toBe('string')
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
