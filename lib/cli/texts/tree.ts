import type { Command, Option } from 'commander'

/** What a shell offers in some place: names of sandboxes or networks, files, programs, or some words. */
export type Offer = 'sandboxes' | 'networks' | 'files' | 'programs' | readonly string[] | undefined

export interface Flag {
  names: readonly string[]
  description: string
  /** What it is followed by; `none`: by nothing. */
  value: Offer | 'none'
}

/** A command and what can be typed after it. */
export interface Node {
  /** `network create`; empty for `slipway` itself. */
  path: string
  description: string
  /** Their names, and other names of theirs. */
  commands: readonly { names: readonly string[]; node: Node }[]
  flags: readonly Flag[]
  /** The last may be repeated. */
  args: readonly Offer[]
  repeats: boolean
}

/** Everything that can be typed, for the completion of shells. */
export function treeOf(command: Command, path = ''): Node {
  const others = command.parent?.commands.map((one) => one.name()) ?? []
  const visible = command.createHelp().visibleOptions(command)
  const { registeredArguments } = command
  return {
    path,
    description: command.description(),
    commands: command.commands.map((one) => ({
      names: [one.name(), ...one.aliases()],
      node: treeOf(one, `${path} ${one.name()}`.trim()),
    })),
    flags: visible.map((option) => ({
      names: [option.short, option.long].filter((name) => name !== undefined),
      description: option.description,
      value: option.required || option.optional ? valueOf(option) : 'none',
    })),
    args: registeredArguments.map((argument) => (path === 'help' ? others : offerOf(argument.name(), path))),
    repeats: registeredArguments.at(-1)?.variadic ?? false,
  }
}

function valueOf({ long, flags }: Option): Offer {
  if (long === '--network') return 'networks'
  if (long === '--driver') return ['bridge', 'macvlan', 'ipvlan']
  return /<(file|folder|path)>/.test(flags) ? 'files' : undefined
}

function offerOf(argument: string, path: string): Offer {
  if (argument === 'sandbox') return 'sandboxes'
  if (argument === 'network') return 'networks'
  if (argument === 'shell') return ['bash', 'zsh', 'fish']
  if (argument === 'command') return 'programs'
  if (argument !== 'name' || path.endsWith('network create')) return undefined
  return path.startsWith('network') ? 'networks' : 'sandboxes'
}

/** It and all below it. */
export const nodesOf = (node: Node): Node[] => [node, ...node.commands.flatMap((one) => nodesOf(one.node))]
