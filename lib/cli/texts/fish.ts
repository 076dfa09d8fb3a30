import { nodesOf, type Node, type Offer } from './tree.js'

/** Completion for fish. */

const quoted = (text: string): string => `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`

/** @param programs - How what follows is completed as a command of its own. */
function offered(value: Offer | 'none', programs = ''): string {
  if (value === 'sandboxes') return ` -x -a ${quoted('(__slipway_names ls)')}`
  if (value === 'networks') return ` -x -a ${quoted('(__slipway_names network ls)')}`
  if (value === 'files') return ' -r -F'
  if (value === 'programs') return ` -x -a ${quoted(programs)}`
  if (value === 'none') return ''
  return value === undefined ? ' -x' : ` -x -a ${quoted(value.join(' '))}`
}

const othersOf = ({ path, commands }: Node): string[] =>
  commands.flatMap(({ names: [name = '', ...others] }) =>
    others.map((other) => `${path} ${other}=${path} ${name}`.replace(/(^|=) /g, '$1')),
  )

/**
 * fish skips the words before the program: it is told how many, and which flags have a word of their own. What begins
 * like a long flag and comes first, it takes for one of its own: the dash ends these.
 */
function programsAfter(root: Node, { path, flags, args }: Node): string {
  const before = 1 + path.split(' ').length + args.indexOf('programs')
  const valued = [...root.flags, ...flags].filter(({ value }) => value !== 'none').flatMap(({ names }) => names)
  return `(__fish_complete_subcommand --fcs-skip=${before} - ${valued.join(' ')})`
}

function linesOf(root: Node, node: Node): string[] {
  const { path, commands, flags, args } = node
  const at = `complete -c slipway -n ${quoted(`__slipway_at ${path}`.trim())}`
  return [
    ...commands.flatMap(({ names, node: { description } }) =>
      names.map((name) => `${at} -f -a ${name} -d ${quoted(description)}`),
    ),
    ...flags.map(({ names, description, value }) => {
      const named = names.map((name) => (name.startsWith('--') ? ` -l ${name.slice(2)}` : ` -s ${name.slice(1)}`))
      return `${at}${named.join('')}${offered(value)} -d ${quoted(description)}`
    }),
    ...[...new Set(args.map((arg) => offered(arg, programsAfter(root, node))))]
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

# Other names of commands, and what they are names of.
set -g __slipway_others ${nodesOf(root).flatMap(othersOf).map(quoted).join(' ')}

# The words of the command that is typed, without flags and arguments.
function __slipway_path
    set -l path ''
    for word in (commandline -opc)[2..-1]
        set -l longer (string trim "$path $word")
        if set -l other (string replace -f -- "$longer=" '' $__slipway_others)
            set longer $other[1]
        end
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
${nodesOf(root)
  .flatMap((node) => linesOf(root, node))
  .join('\n')}
`
