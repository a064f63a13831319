// `fathom lab`: a cluster to try, to learn on and to test the doctor on, up and down, with faults to put in and take out.
import { Command as CommanderCommand, CommanderError } from 'commander'
import { closestTexts } from '../base/edit-distance.ts'
import { UsageError } from '../base/errors.ts'
import { DEFAULT_LAB } from '../lab/index.ts'
import { EXIT } from './command.ts'
import type { Command, Io } from './command.ts'
import { usageErrorOf } from './commander-error.ts'
import { down } from './lab/down.ts'
import { exec } from './lab/exec.ts'
import type { ExecFlags } from './lab/exec.ts'
import { heal, inject, listFaults } from './lab/faults.ts'
import { checkOutput, findLab } from './lab/lab-flags.ts'
import type { NameFlags } from './lab/lab-flags.ts'
import { status } from './lab/status.ts'
import { up, upInForeground } from './lab/up.ts'
import type { UpFlags } from './lab/up-options.ts'
import { verifyFaults } from './lab/verify.ts'

export const labCommand: Command = {
  name: 'lab',
  summary: 'A cluster to try and to learn on: up, down, status, faults, inject, heal',
  async run(args, io) {
    let code: number = EXIT.ok
    const program = createProgram(io, (result) => {
      code = result
    })
    if (args.length === 0) {
      io.stderr.write(program.helpInformation())
      return EXIT.usage
    }
    const subcommand = findSubcommand(program, args[0] ?? '')
    try {
      await program.parseAsync(args, { from: 'user' })
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error
      if (error.exitCode === 0) return EXIT.ok
      // Nothing is parsed any more: from here on its name is what is typed to see its help.
      if (subcommand !== program) subcommand.name(`${program.name()} ${subcommand.name()}`)
      throw usageErrorOf(error, subcommand)
    }
    return code
  },
}

/** The subcommand that is meant; the program itself before options. @throws {UsageError} `unknown-command` */
function findSubcommand(program: CommanderCommand, name: string): CommanderCommand {
  if (name.startsWith('-')) return program
  const found = program.commands.find((command) => command.name() === name)
  if (found !== undefined) return found
  const names = program.commands.map((command) => command.name())
  const [meant] = closestTexts(name, names)
  const advice = meant === undefined ? `there are ${names.join(', ')};` : `did you mean "${meant}"?`
  throw new UsageError('unknown-command', `Unknown command "lab ${name}": ${advice} see "${program.name()} --help"`)
}

function createProgram(io: Io, setCode: (code: number) => void): CommanderCommand {
  const program = new CommanderCommand('fathom lab')
    .description(
      'A cluster on this machine: an API server that kubectl can use, CoreDNS replicas, node caches and upstreams, on ' +
        'loopback ports or in network namespaces. Nothing is sent to the real owners of its addresses.',
    )
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: () => undefined })
    .helpCommand(false)
  const nameOption = ['--name <NAME>', 'which lab, when several run'] as const
  program
    .command('up')
    .description('start a lab and leave it running')
    .option('--name <NAME>', 'what to call it', DEFAULT_LAB)
    .option(
      '--grade <GRADE>',
      'loopback (anywhere) or netns (Linux, root: real packets in network namespaces)',
      'loopback',
    )
    .option('--cluster <FOLDER>', 'a folder that describes a cluster (default: the reference cluster)')
    .option('--cni <NAME>', 'netns: how pods are connected, calico (routes) or flannel (VXLAN)')
    .option('--coredns <PATH>', 'netns: a CoreDNS to run in its replicas instead of this program')
    .option('--node-cache <PATH>', 'netns: a node-cache to run instead of this program')
    .option('--healthy', 'without the faults that the cluster has from the start')
    .option('--foreground', 'stay in the foreground until interrupted')
    .action((flags: UpFlags) => (flags.foreground === true ? upInForeground(io, flags) : up(io, flags)))
  program
    .command('down')
    .description('end a lab')
    .option(...nameOption)
    .action((flags: NameFlags) => down(io, flags))
  program
    .command('status')
    .description('what runs, and how to reach it')
    .option(...nameOption)
    .option('-o, --output <FORMAT>', 'text or json', 'text')
    .action(async (flags: NameFlags & { readonly output: string }) => setCode(await status(io, flags)))
  program
    .command('faults')
    .description('list the faults that can be injected')
    .option('-o, --output <FORMAT>', 'text or json', 'text')
    .action((flags: { readonly output: string }) => listFaults(io, flags))
  program
    .command('inject')
    .description('put a fault in')
    .argument('<FAULT>')
    .option(...nameOption)
    .action((fault: string, flags: NameFlags) => inject(io, fault, flags))
  program
    .command('heal')
    .description('take a fault out, or all of them')
    .argument('[FAULT]')
    .option(...nameOption)
    .action((fault: string | undefined, flags: NameFlags) => heal(io, fault, flags))
  program
    .command('verify')
    .description('put each fault in and take it out again, looking by dig, kubectl, iptables-save and the like')
    .argument('[FAULT...]', 'default: all that the lab can have')
    .option(...nameOption)
    .option('-o, --output <FORMAT>', 'text or json', 'text')
    .action(async (faults: string[], { name, output }: NameFlags & { readonly output: string }) => {
      checkOutput(output)
      setCode(await verifyFaults(io, findLab(name), { faults, output }))
    })
  program
    .command('exec')
    .description('run a command inside a pod or node (needs a lab of network namespaces)')
    .argument('<POD>', 'NAMESPACE/POD, POD, or node/NODE')
    .argument('[COMMAND...]', 'after "--"; a shell when there is none')
    .option(...nameOption)
    .option('-n, --namespace <NAMESPACE>', 'of a pod that is given by its name alone', 'default')
    .action(async (pod: string, command: string[], flags: ExecFlags) => setCode(await exec(pod, command, flags)))
  for (const command of program.commands) command.exitOverride().configureOutput(program.configureOutput())
  return program
}
