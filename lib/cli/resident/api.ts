import { isUtf8 } from 'node:buffer'
import { AsyncLocalStorage } from 'node:async_hooks'
import type { OpenOptions } from '../../api/options.js'
import type { Slipway } from '../../api/slipway.js'
import { SlipwayError } from '../../base/errors.js'
import { HttpError } from '../../servers/http/http-error.js'
import type { HttpAnswer, HttpHandler, HttpHead, HttpRequest, Protocol } from '../../servers/http/protocol.js'
import { Elsewhere, findCallersBy, perform } from '../caller.js'
import { ownVersion } from '../own-version.js'
import { readTyped } from './request.js'
import { ThisHost } from './same-host.js'
import { TypedCaller } from './typed-caller.js'

/** Where the small program asks, and by which type it knows that the answer is this. */
export const COMMAND_PATH = '/command'
const TYPE = 'application/vnd.slipway.command'
/** The caller is to do it. */
const MISDIRECTED = 421

/** What is done here for others: what looks and changes, is over soon, and waits for nobody at a terminal. */
const DONE_HERE = new Set([
  ...['create', 'exec', 'run', 'rm', 'prune', 'ls', 'inspect', 'files', 'connect', 'disconnect'],
  ...['port', 'publish', 'unpublish'],
  ...['create', 'rm', 'ls', 'inspect', 'prune', 'connect', 'disconnect'].map((name) => `network-${name}`),
])
/** How wide the terminal is, only its own process knows. */
const HELP = /^(-h|--help|help|completion)$/

const callers = new AsyncLocalStorage<TypedCaller>()

/** Commands that others type, done by the process that has the host open: printed and ended as their own would be. */
export class CommandApi implements Protocol {
  readonly #open: { slipway: Slipway; host: ThisHost }
  readonly #version = ownVersion()

  /** @param options - What the host was opened with. */
  constructor(slipway: Slipway, options: OpenOptions) {
    this.#open = { slipway, host: new ThisHost(options) }
    findCallersBy(() => callers.getStore())
  }

  handlerFor({ method }: HttpHead): HttpHandler {
    if (method !== 'POST') throw new HttpError(405, `${COMMAND_PATH} takes POST, and no ${method}.`)
    return { readsBody: true, answer: (request) => this.#answer(request) }
  }

  refuse(error: unknown): HttpAnswer {
    const status = error instanceof HttpError ? error.status : 500
    return { status, headers: { 'Content-Type': 'text/plain' }, body: `${(error as Error).message}\n` }
  }

  async #answer({ body, signal }: HttpRequest): Promise<HttpAnswer> {
    // Node.js takes what is no text from its own command line in its own way.
    if (!isUtf8(body)) return elsewhere()
    const typed = readTyped(body)
    const { args, version, ended } = typed
    // Also where a server of a later version runs by now.
    if (ended !== undefined) return this.#end(ended)
    const end = args.indexOf('--')
    const isHelp = args.slice(0, end === -1 ? undefined : end).some((word) => HELP.test(word))
    if (version !== this.#version || isHelp) return elsewhere()
    const one = new TypedCaller(typed, this.#open, signal)
    try {
      await callers.run(one, () =>
        perform(args, (name) => {
          if (!DONE_HERE.has(name)) throw new Elsewhere()
        }),
      )
    } catch (error) {
      if (error instanceof Elsewhere) return elsewhere()
      throw error
    }
    return done(one.answer())
  }

  /** The command of `run` has ended: its sandbox goes. */
  async #end(id: string): Promise<HttpAnswer> {
    const { slipway } = this.#open
    try {
      await (await slipway.sandboxes.get(id)).remove()
    } catch (error) {
      if (!(error instanceof SlipwayError && error.code === 'NOT_FOUND')) throw error
    }
    await slipway.awaitRemovals()
    return done('exit 0\n')
  }
}

const done = (body: string): HttpAnswer => ({ status: 200, headers: { 'Content-Type': TYPE }, body })

const elsewhere = (): HttpAnswer => ({
  status: MISDIRECTED,
  headers: { 'Content-Type': TYPE },
  body: 'This process does not do that for others.\n',
})
