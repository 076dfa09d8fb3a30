import type { Command } from 'commander'
import { addText } from './values.js'

/** What comes of the flags that say how a program runs. */
export interface ProcessFlags {
  detach?: true
  env?: string[]
  workdir?: string
  user?: string
  interactive?: true
  tty?: true
}

/** Those of `docker run` and `docker exec`. */
export const addProcessFlags = (command: Command): Command =>
  command
    .optionsGroup('Options (of the program):')
    .option('-d, --detach', 'in the background, without input and output')
    .option(
      '-e, --env <key=value>',
      'variable of its environment; without =VALUE, as it is here; may be repeated',
      addText,
    )
    .option('-w, --workdir <folder>', 'folder that it starts in (default: this one)')
    .option('-u, --user <user>', 'user that it runs as, and group: NAME, UID, NAME:GROUP or UID:GID')
    .option('-i, --interactive', 'keep its standard input open, which it is anyway')
    .option('-t, --tty', 'give it the terminal, which it has anyway')
