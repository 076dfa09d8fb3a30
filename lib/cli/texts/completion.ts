import type { Command } from 'commander'
import { print } from '../output.js'
import { bashCompletion, zshCompletion } from './bash.js'
import { fishCompletion } from './fish.js'
import { treeOf } from './tree.js'

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }

/** `slipway completion`. */
export const completion = (program: Command, shell: keyof typeof SCRIPTS): void =>
  print(SCRIPTS[shell](treeOf(program)))
