/**
 * A program of Node's that others run (strace, unshare, sh): a sanitizer's runtime is preloaded to it, and not to
 * those, some of which end with it.
 *
 * @param before - The programs that run it, with their arguments.
 * @param also - Libraries that are preloaded to it, too.
 */
export function preloaded(
  before: readonly string[],
  program: readonly string[],
  also: readonly string[] = [],
): { command: string; args: string[]; env: NodeJS.ProcessEnv } {
  const preload = [process.env['SLIPWAY_PRELOAD'], ...also].filter(Boolean).join(':')
  const [command = '', ...args] = [...before, ...(preload ? ['env', `LD_PRELOAD=${preload}`] : []), ...program]
  return { command, args, env: preload ? { ...process.env, LD_PRELOAD: '' } : process.env }
}
