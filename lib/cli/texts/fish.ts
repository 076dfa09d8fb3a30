import { nodesOf, type Node, type Offer } from './tree.js'

/** Completion for fish. */

const quoted = (text: string): string => `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`

function offered(value: Offer | 'none'): string {
  if (value === 'sandboxes') return ` -x -a ${quoted('(__slipway_names ls)')}`
  if (value === 'networks') return ` -x -a ${quoted('(__slipway_names network ls)')}`
  if (value === 'files') return ' -r -F'
  if (value === 'programs') return ` -x -a ${quoted('(__fish_complete_subcommand)')}`
  if (value === 'none') return ''
  return value === undefined ? ' -x' : ` -x -a ${quoted(value.join(' '))}`
}

function linesOf({ path, commands, flags, args }: Node): string[] {
  const at = `complete -c slipway -n ${quoted(`__slipway_at ${path}`.trim())}`
  return [
    ...commands.flatMap(({ names, node }) => names.map((name) => `${at} -f -a ${name} -d ${quoted(node.description)}`)),
    ...flags.map(({ names, description, value }) => {
      const named = names.map((name) => (name.startsWith('--') ? ` -l ${name.slice(2)}` : ` -s ${name.slice(1)}`))
      return `${at}${named.join('')}${offered(value)} -d ${quoted(description)}`
    }),
    ...[...new Set(args.map((arg) => offered(arg)))]
      .filter((text) => text.includes('-a'))
      .map((text) => `${at}${text}`),
  ]
}

export const fishCompletion = (
  root: Node,
): string => `# Completion of slipway for fish. Written by: slipway completion fish
# To have it in each shell: slipway completion fish > ~/.config/fish/completions/slipway.fish

set -g __slipway_paths ${nodesOf(root)
  .filter(({ path }) => path !== '')
  .map(({ path }) => quoted(path))
  .join(' ')}

# The words of the command that is typed, without flags and arguments.
function __slipway_path
    set -l path ''
    for word in (commandline -opc)[2..-1]
        set -l longer (string trim "$path $word")
        if contains -- $longer $__slipway_paths
            set path $longer
        end
    end
    echo $path
end

function __slipway_at
    test (__slipway_path) = "$argv"
end

function __slipway_names
    slipway $argv --format '{{.Name}}' 2>/dev/null
end

complete -c slipway -f
${nodesOf(root).flatMap(linesOf).join('\n')}
`
