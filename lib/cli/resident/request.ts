import { badRequest } from '../../servers/http/http-error.js'

/** A command that was typed: what the small program (native/cni) sends of it. */
export interface Typed {
  env: Readonly<NodeJS.ProcessEnv>
  /** What stands behind `slipway`. */
  args: readonly string[]
  /** Folder that it was typed in. */
  cwd: string
  /** The network namespace it was typed in, as `device:inode`. */
  netns: string
  /** Its mount namespace, as `device:inode`. */
  mounts: string
  /** Version of the package that the program is of. */
  version: string
  terminals: ReadonlySet<string>
  /** Its process, and field 22 of its /proc/PID/stat. */
  pid: number
  started: string
  /** Id of a sandbox whose command has ended: it is removed, and nothing else was typed. */
  ended: string | undefined
}

/**
 * Texts, each ended by a zero: facts (`NAME=VALUE`) and an empty one, the environment and an empty one, arguments.
 *
 * @throws {HttpError} 400
 */
export function readTyped(body: Buffer): Typed {
  const texts = body.toString('utf8').split('\0')
  if (texts.pop() !== '') throw badRequest('The last text of a command has no zero at its end.')
  const facts = takePairs(texts)
  const env = takePairs(texts)
  const { CWD: cwd = '', NETNS: netns = '', VERSION: version = '', TERMINALS: terminals = '' } = facts
  const { PID: pid = '', STARTED: started = '', MOUNTS: mounts = '', ENDED: ended } = facts
  if (!cwd.startsWith('/')) throw badRequest('A command says which folder it was typed in (CWD).')
  return {
    env,
    args: texts,
    cwd,
    netns,
    mounts,
    version,
    terminals: new Set(terminals.split(',')),
    pid: Number(pid),
    started,
    ended,
  }
}

/** Takes texts away from the beginning, up to an empty one. */
function takePairs(texts: string[]): Record<string, string> {
  const end = texts.indexOf('')
  if (end === -1) throw badRequest('The facts and the environment of a command each end with an empty text.')
  const pairs = texts.splice(0, end + 1).slice(0, -1)
  return Object.fromEntries(
    pairs.flatMap((pair): [string, string][] => {
      const at = pair.indexOf('=', 1)
      return at === -1 ? [] : [[pair.slice(0, at), pair.slice(at + 1)]]
    }),
  )
}
