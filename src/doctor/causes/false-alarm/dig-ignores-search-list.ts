// A short name that pods resolve through their search list, and that dig, which has none by default, does not.
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { askedRungs, excluded, notChecked, shellQuote } from '../support.ts'

export const digIgnoresSearchList: Cause = {
  code: 'dig-ignores-search-list',
  needs: ['asked-name', 'probes'],
  judge: (evidence) => [judge(evidence)],
}

function judge({ asked, ladder }: Evidence): Judgement {
  if (asked === undefined) return notChecked('not-checked.no-name')
  const name = asked.name.replace(/(.)\.$/, '$1')
  const { given, searched, type } = asked
  if (searched.length === 0 || given.toLowerCase() === name)
    return excluded(line('observed', 'absolute', { name: given }))
  const rungs = askedRungs(ladder).filter(({ purpose }) => purpose === 'asked')
  const answered = rungs.find(({ observed }) => observed.kind === 'response' && observed.recordCount > 0)
  if (answered === undefined) return excluded(line('observed', 'fails-too', { name }))
  const values = { given, name }
  return {
    status: 'proven',
    subject: { kind: 'name', name: given },
    objects: [],
    values,
    evidence: [
      line('observed', 'resolves', { name, server: answered.hop.name }),
      line('computed', 'searched', { ...values, searched: searched.map((one) => one.replace(/(.)\.$/, '$1')) }),
    ],
    fix: {
      key: 'dig-ignores-search-list',
      values,
      command: `dig +search ${shellQuote(given)} ${type}\ndig ${shellQuote(`${name}.`)} ${type}`,
    },
    isFault: false,
    explains: [],
  }
}
