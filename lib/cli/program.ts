import { CommanderError, Option, type Command } from 'commander'
import { print } from './output.js'
import { addBench } from './usage/bench.js'
import { addCni } from './usage/cni.js'
import { addCompletion } from './usage/completion.js'
import { addConnect, addDisconnect } from './usage/connect.js'
import { addCreate } from './usage/create.js'
import { addDoctor } from './usage/doctor.js'
import { addExec } from './usage/exec.js'
import { addExplain } from './usage/explain.js'
import { addFiles } from './usage/files.js'
import { allCommands, configure, pathOf, SlipwayCommand } from './usage/command.js'
import { addHelp, addVersion } from './usage/help.js'
import { addHostOptions } from './usage/host-flags.js'
import { addInspect } from './usage/inspect.js'
import { addList } from './usage/list.js'
import { addNetavark } from './usage/netavark.js'
import { addNetwork } from './usage/network.js'
import { addOciHook } from './usage/oci-hook.js'
import { addPort, addPublish, addUnpublish } from './usage/ports.js'
import { addPrune, addRemove } from './usage/remove.js'
import { addRun } from './usage/run.js'
import { addServe } from './usage/serve.js'
import { addStats } from './usage/stats.js'
import { addUninstall } from './usage/uninstall.js'
import { addEvents } from './usage/events.js'

const AFTER = `
OPTIONS choose the host, and say how its network "bridge" is made. They stand
before the command; behind the command, --ip and --dns are those of one sandbox.
A bridge that exists stays as it is, and OPTIONS that do not agree with it are
refused. --ip, --dns, --dns-search, --dns-opt and the pools apply only to what this
command makes: give them to each command, or use --config, which reads the file of
docker's daemon.

NAME is a name, an id, or the beginning of an id. The exit status is 0 for done,
1 for refused (stderr says why), 2 for wrong usage. run and exec end with the exit
status of the command that they run.

Examples:
  slipway run -p 8080:80 -- python3 -m http.server 80    gone when it ends
  slipway create --name app -p 8080:80                   stays
  slipway exec app -- ip address
  slipway port app                                       80/tcp -> 0.0.0.0:8080
  slipway network create web                             a network with names
  slipway network connect web app
  slipway rm app
  slipway explain create -p 8080:80                      as ip and nft commands
  slipway doctor                                         can it work here?
  slipway bench                                          how fast?`

interface Definition {
  /** Its name, and other names of it. */
  names: readonly [string, ...string[]]
  add(program: Command): void
}

/** All commands, by groups. */
const GROUPS: Readonly<Record<string, readonly Definition[]>> = {
  'Sandboxes:': [
    { names: ['run'], add: addRun },
    { names: ['create'], add: addCreate },
    { names: ['exec'], add: addExec },
    { names: ['rm', 'remove'], add: addRemove },
    { names: ['prune'], add: addPrune },
    { names: ['ls', 'ps', 'list'], add: addList },
    { names: ['inspect'], add: addInspect },
    { names: ['stats'], add: addStats },
    { names: ['events'], add: addEvents },
    { names: ['files'], add: addFiles },
  ],
  'Networks:': [
    { names: ['network'], add: addNetwork },
    { names: ['connect'], add: addConnect },
    { names: ['disconnect'], add: addDisconnect },
  ],
  'Ports:': [
    { names: ['port'], add: addPort },
    { names: ['publish'], add: addPublish },
    { names: ['unpublish'], add: addUnpublish },
  ],
  'Looking without touching:': [
    { names: ['explain'], add: addExplain },
    { names: ['doctor'], add: addDoctor },
    { names: ['bench'], add: addBench },
    { names: ['help'], add: addHelp },
    { names: ['completion'], add: addCompletion },
    { names: ['version'], add: addVersion },
  ],
  'The host:': [
    { names: ['serve'], add: addServe },
    { names: ['oci-hook'], add: addOciHook },
    { names: ['netavark'], add: addNetavark },
    { names: ['cni'], add: addCni },
    { names: ['uninstall'], add: addUninstall },
  ],
}

/** Those that are about all commands. */
const ABOUT_ALL = ['help', '-h', '--help', 'completion']

/**
 * Whether a command is to be defined, which takes time: when it may be the one that is typed. Of others, the name is
 * enough.
 */
function isMeant(typed: readonly string[] | undefined): (definition: Definition) => boolean {
  const named = ({ names }: Definition): boolean => typed?.some((word) => names.includes(word)) ?? true
  const all = typed?.some((word) => ABOUT_ALL.includes(word)) || !Object.values(GROUPS).flat().some(named)
  return (definition) => all || named(definition)
}

/**
 * Everything that can be typed after `slipway`.
 *
 * @param typed - What is typed; only that is defined then. Without, everything.
 */
export function makeProgram(version: string, typed?: readonly string[]): Command {
  const program = new SlipwayCommand('slipway')
    .description(
      "Docker's container networking without Docker: sandboxes (network namespaces) on networks, with addresses, names and published ports.",
    )
    .usage('[OPTIONS] COMMAND')
    .version(version, '-v, --version', 'print the version')
    .addOption(new Option('-V').hideHelp())
    .on('option:V', () => {
      print(version)
      throw new CommanderError(0, 'commander.version', version)
    })
    .helpOption('-h, --help', 'print this; slipway COMMAND --help explains a command')
    .helpCommand(false)
    .addHelpText('after', AFTER)
    .showHelpAfterError("See 'slipway --help'.")
    // The options of what comes after `run` and `exec` are not ours.
    .enablePositionalOptions()
    .exitOverride()
  configure(program)
  addHostOptions(program)

  const meant = isMeant(typed)
  for (const [group, definitions] of Object.entries(GROUPS)) {
    program.commandsGroup(group)
    for (const definition of definitions) {
      const [name, ...others] = definition.names
      if (meant(definition)) definition.add(program)
      else program.command(name).aliases(others)
    }
  }
  for (const command of allCommands(program)) {
    command
      .helpOption('-h, --help', 'print this')
      .helpCommand(false)
      .showHelpAfterError(`See '${pathOf(command)} --help'.`)
  }
  return program
}
