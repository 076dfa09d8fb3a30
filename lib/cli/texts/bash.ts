import { nodesOf, type Node, type Offer } from './tree.js'

/** Completion for bash; zsh runs the same by its bashcompinit. */

const offer = (value: Offer | 'none'): string =>
  Array.isArray(value) ? value.join(',') : ((value as string) ?? 'nothing')

const quoted = (words: readonly string[]): string => `'${words.join(' ')}'`

function caseOf({ path, commands, flags, args, repeats }: Node): string {
  const names = commands.flatMap((one) => one.names)
  // Other names of a command lead to it.
  const aliases = commands.flatMap((one) => one.names.slice(1).map((alias) => `${alias}:${one.names[0] ?? ''}`))
  const values = flags.flatMap((flag) =>
    flag.value === 'none' ? [] : flag.names.map((name) => `${name}:${offer(flag.value)}`),
  )
  const lines = [
    `subs=${quoted(names)} others=${quoted(aliases)}`,
    `flags=${quoted(flags.flatMap((flag) => flag.names))}`,
    `valued=${quoted(values)}`,
    `kinds=${quoted([...args.map(offer), ...(repeats ? [offer(args.at(-1))] : ['nothing'])])}`,
  ]
  return `    '${path}') ${lines.join('\n      ')} ;;`
}

export const bashCompletion = (
  root: Node,
): string => `# Completion of slipway for bash. Written by: slipway completion bash
# To have it in each shell: slipway completion bash > /etc/bash_completion.d/slipway

_slipway_at() {
  case "$1" in
${nodesOf(root).map(caseOf).join('\n')}
  esac
}

_slipway_offer() {
  local offered=''
  case "$1" in
    sandboxes) offered=$("\${host[@]}" ls --format '{{.Name}}' 2>/dev/null) ;;
    networks) offered=$("\${host[@]}" network ls --format '{{.Name}}' 2>/dev/null) ;;
    files) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    programs) COMPREPLY=($(compgen -c -- "$cur")); return ;;
    nothing) return ;;
    *) offered=\${1//,/ } ;;
  esac
  COMPREPLY=($(compgen -W "$offered" -- "$cur"))
}

_slipway() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" place='' word='' value='' count=0 i=1 one=''
  local subs='' others='' flags='' valued='' kinds=''
  local host=("\${COMP_WORDS[0]}")
  COMPREPLY=()
  _slipway_at "$place"
  while ((i < COMP_CWORD)); do
    word="\${COMP_WORDS[i]}"
    ((i++))
    # bash takes --network=web for three words.
    if [[ $word == '=' ]]; then continue; fi
    if [[ -n $value ]]; then
      value=''
      if [[ -z $place ]]; then host+=("$word"); fi
      continue
    fi
    if [[ $word == '--' ]]; then
      if ((i == COMP_CWORD)); then _slipway_offer programs; else _slipway_offer files; fi
      return
    fi
    if [[ $word == -* ]]; then
      if [[ -z $place ]]; then host+=("$word"); fi
      for one in $valued; do if [[ \${one%%:*} == "$word" ]]; then value="\${one#*:}"; fi; done
      continue
    fi
    if [[ " $subs " == *" $word "* ]]; then
      for one in $others; do if [[ \${one%%:*} == "$word" ]]; then word="\${one#*:}"; fi; done
      place="\${place:+$place }$word"
      _slipway_at "$place"
    else
      ((count++))
    fi
  done
  if [[ $cur == '=' ]]; then cur=''; fi
  # zsh takes it for one, and so may bash, as COMP_WORDBREAKS has it.
  if [[ -z $value && $cur == --*=* ]]; then
    word="\${cur%%=*}" cur="\${cur#*=}"
    for one in $valued; do if [[ \${one%%:*} == "$word" ]]; then value="\${one#*:}"; fi; done
    if [[ -n $value ]]; then _slipway_offer "$value"; fi
    for ((i = 0; i < \${#COMPREPLY[@]}; i++)); do COMPREPLY[i]="$word=\${COMPREPLY[i]}"; done
    return
  fi
  if [[ -n $value ]]; then
    _slipway_offer "$value"
  elif [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  elif [[ -n $subs ]]; then
    COMPREPLY=($(compgen -W "$subs" -- "$cur"))
  else
    i=0
    value=nothing
    for one in $kinds; do
      value=$one
      if ((i == count)); then break; fi
      ((i++))
    done
    _slipway_offer "$value"
  fi
}

complete -F _slipway slipway
`

export const zshCompletion = (root: Node): string => `#compdef slipway
# Completion of slipway for zsh. Written by: slipway completion zsh
# To have it in each shell: slipway completion zsh > "\${fpath[1]}/_slipway"

autoload -U +X bashcompinit && bashcompinit

${bashCompletion(root)}
# From a folder of fpath, zsh reads this with the first completion, as the function that is to do it.
if [[ \${funcstack[1]} == _slipway ]]; then _bash_complete -F _slipway; fi
`
