import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DIG_CASES } from '../../../test/support/dig-cases.ts'
import { digScenario } from '../../../test/support/dig-scenario.ts'
import { digVersion, normalizeDig, runOurDig, runRealDig } from '../../../test/support/run-dig.ts'
import { startScriptedServer } from '../../../test/support/scripted-server.ts'
import type { ScriptedServer } from '../../../test/support/scripted-server.ts'

const GOLDEN = resolve(import.meta.dirname, '../../../testdata/golden/dig')
const version = digVersion()
const isSameDig = version?.startsWith('9.18.') === true

let server: ScriptedServer

beforeAll(async () => {
  server = await startScriptedServer(digScenario)
})

afterAll(async () => {
  await server.close()
})

function argumentsOf(command: string): string[] {
  return ['@127.0.0.1', '-p', String(server.port), ...command.split(' ')]
}

/** The output of each command in a golden file, by command. */
function readGolden(topic: string): ReadonlyMap<string, string> {
  const path = join(GOLDEN, `${topic}.txt`)
  const blocks = existsSync(path)
    ? readFileSync(path, 'utf8')
        .split(/^\$ dig /m)
        .slice(1)
    : []
  return new Map(blocks.map((block) => [block.slice(0, block.indexOf('\n')), block.slice(block.indexOf('\n') + 1)]))
}

describe.each(Object.keys(DIG_CASES))('golden output of dig: %s', (topic) => {
  const commands = DIG_CASES[topic] ?? []

  it.skipIf(!isSameDig)(`is what dig ${version ?? '(absent: nothing to hold the files against)'} prints`, async () => {
    const blocks: string[] = []
    for (const command of commands) {
      const output = normalizeDig(await runRealDig(argumentsOf(command)), server.port)
      blocks.push(`$ dig ${command}\n${output}`)
    }
    const head = 'Output of dig 9.18 for the commands below; server and port stood before the arguments.\n\n'
    await expect(head + blocks.join('\n')).toMatchFileSnapshot(join(GOLDEN, `${topic}.txt`))
  })

  it.each(commands)('is printed by ours: dig %s', async (command) => {
    const golden = readGolden(topic).get(command)
    const output = normalizeDig(await runOurDig(argumentsOf(command)), server.port)
    expect(output).toBe(golden?.replace(/\n\n$/, '\n'))
  })
})
