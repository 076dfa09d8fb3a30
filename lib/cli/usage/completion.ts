import { Argument, type Command } from 'commander'

const AFTER = `
Names of sandboxes and networks are completed, too, for users who may look at them.

For this shell:    source <(slipway completion bash)
For each:          write it to /etc/bash_completion.d/slipway,
                   /usr/share/zsh/vendor-completions/_slipway, or
                   ~/.config/fish/completions/slipway.fish`

/** `slipway completion`. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .usage('bash|zsh|fish')
    .description('print a script by which a shell completes what you type')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', AFTER)
    .action(async (shell: 'bash' | 'zsh' | 'fish') =>
      (await import('../texts/completion.js')).completion(program, shell),
    )
}
