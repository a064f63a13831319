import { describe, expect, it } from 'vitest'
import { checkServer } from './index.ts'
import type { BlockInfo, ConfiguredBlock, Plugin, PluginRegistry } from './index.ts'

/** Notes what its plugins see. */
function recorder(): { readonly plugins: PluginRegistry; readonly steps: string[]; readonly blocks: BlockInfo[] } {
  const steps: string[] = []
  const blocks: BlockInfo[] = []
  const plugin = (name: string, more: Partial<Plugin<string>> = {}): PluginRegistry => ({
    [name]: async () => ({
      name,
      parse(dispenser, { block, root }) {
        const args: string[] = []
        while (dispenser.next()) args.push(...dispenser.remainingArgs())
        if (args.includes('wrong')) throw dispenser.error('it is wrong')
        steps.push(`parse ${name} ${block.zones.join(',')} ${args.join(' ')} in ${root}`)
        return args.join(' ')
      },
      create(options: string, env) {
        steps.push(`create ${name} ${options} in ${env.root}`)
        blocks.push(env.block)
        return {}
      },
      ...more,
    }),
  })
  const bind = plugin('bind', {
    parse(dispenser, { configure }) {
      while (dispenser.next()) configure({ addresses: dispenser.remainingArgs() })
      return ''
    },
  })
  const root = plugin('root', {
    parse(dispenser, { configure }) {
      dispenser.next()
      configure({ root: dispenser.remainingArgs()[0] ?? '' })
      return ''
    },
  })
  return { steps, blocks, plugins: { ...plugin('cache'), ...plugin('log'), ...plugin('whoami'), ...bind, ...root } }
}

async function setUp(corefile: string, plugins: PluginRegistry): Promise<readonly ConfiguredBlock[]> {
  return checkServer({ plugins, corefile: { text: corefile }, write: () => {}, environment: {} })
}

describe('checkServer()', () => {
  it('parses directive by directive in plugin order, within it block by block, and creates afterwards', async () => {
    const { steps, plugins } = recorder()
    await setUp('a {\n whoami 1\n log 2\n}\nb {\n cache 3\n log 4\n}', plugins)
    expect(steps).toEqual([
      'parse log a. 2 in .',
      'parse log b. 4 in .',
      'parse cache b. 3 in .',
      'parse whoami a. 1 in .',
      'create log 2 in .',
      'create log 4 in .',
      'create cache 3 in .',
      'create whoami 1 in .',
    ])
  })

  it('hands all repetitions of a directive to one parse', async () => {
    const { steps, plugins } = recorder()
    await setUp('. {\n log one\n whoami\n log two\n}', plugins)
    expect(steps[0]).toBe('parse log . one two in .')
  })

  it('sets a block with several keys up once and tells it all its zones and servers', async () => {
    const { blocks, plugins } = recorder()
    await setUp('a b:5353 tls://c 10.0.0.0/23 {\n whoami\n bind 127.0.0.1 ::1\n}', plugins)
    expect(blocks.at(-1)).toMatchObject({
      zones: ['a.', 'b.', 'c.', '0.0.10.in-addr.arpa.', '1.0.10.in-addr.arpa.'],
      transport: 'dns',
      port: 53,
      addresses: ['127.0.0.1', '::1'],
      servers: [
        'dns://127.0.0.1:53',
        'dns://127.0.0.1:5353',
        'tls://127.0.0.1:853',
        'dns://[::1]:53',
        'dns://[::1]:5353',
        'tls://[::1]:853',
      ],
      directives: ['bind', 'whoami'],
    })
  })

  it('gives relative paths the base that root set', async () => {
    const { steps, plugins } = recorder()
    await setUp('. {\n whoami\n root /etc/dns\n}', plugins)
    expect(steps).toContain('parse whoami .  in /etc/dns')
  })

  it.each([
    { corefile: '. {\n log wrong\n}', message: 'plugin/log: Corefile:2 - Error during parsing: it is wrong' },
    { corefile: '. {\n nosuch\n}', message: "Corefile:2 - Error during parsing: Unknown directive 'nosuch'" },
    { corefile: '. {\n log\n}\n. {\n log\n}', message: 'cannot serve dns://.:53 - it is already defined' },
    {
      corefile: '. {\n log\n bind 127.0.0.1\n}\n. {\n log\n}',
      message: 'zone overlap listener capacity',
    },
  ])('refuses $corefile', async ({ corefile, message }) => {
    await expect(setUp(corefile, recorder().plugins)).rejects.toThrow(message)
  })

  it('takes one zone on two addresses', async () => {
    const { plugins } = recorder()
    const corefile = '. {\n log\n bind 127.0.0.1\n}\n. {\n log\n bind 127.0.0.2\n}'
    expect(await setUp(corefile, plugins)).toHaveLength(2)
  })

  it('stands for the built-in Corefile when there is no block', async () => {
    const { plugins } = recorder()
    const [block] = await setUp('# nothing\n', plugins)
    expect(block?.block).toMatchObject({ zones: ['.'], port: 53, directives: ['log', 'whoami'] })
  })
})
