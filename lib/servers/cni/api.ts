import type { Slipway } from '../../api/slipway.js'
import type { HttpAnswer, HttpHandler, HttpHead, Protocol } from '../http/protocol.js'
import { CniError, CODES, failureOf, type CniFailure } from './cni-error.js'
import { readEnvironment } from './environment.js'
import { readCall, versionsFor } from './plugin.js'
import { performInTurn } from './queue.js'
import { readRequest, type CniRequest } from './request.js'

/** Where the plugin's program asks, and by which type it knows that the answer is the plugin's. */
export const CNI_PATH = '/cni'
const TYPE = 'application/vnd.slipway.cni+json'
/** The program is to do it by itself. */
const MISDIRECTED = 421
const UNAVAILABLE = 503

/** The plugin, for the program that a runtime calls: one request is one call. */
export class CniApi implements Protocol {
  readonly #slipway: Slipway

  constructor(slipway: Slipway) {
    this.#slipway = slipway
  }

  handlerFor({ method }: HttpHead): HttpHandler {
    if (method !== 'POST') throw new CniError('IO', `${CNI_PATH} takes POST, and no ${method}.`)
    return { readsBody: true, answer: ({ body }) => this.#answer(body) }
  }

  refuse(error: unknown): HttpAnswer {
    return refusal(failureOf(error))
  }

  async #answer(body: Buffer): Promise<HttpAnswer> {
    let version: string | undefined
    try {
      const { variables, input }: CniRequest = readRequest(body)
      const environment = readEnvironment(variables)
      if (environment.command === 'VERSION') return cniAnswer(versionsFor(input), 200)
      const call = readCall(environment, variables, input)
      version = call.config.version
      // Who may connect here may change networks, and not have programs run: CNI_PATH is the client's.
      if (call.delegate)
        return cniAnswer(failureOf(new CniError('DELEGATE', 'This server runs no plugins.'), version), MISDIRECTED)
      return cniAnswer(await performInTurn(this.#slipway, call, true), 200)
    } catch (error) {
      return refusal(failureOf(error, version))
    }
  }
}

/** By its status, the program knows what another process may do at once. */
const refusal = (failure: CniFailure): HttpAnswer =>
  cniAnswer(failure, failure.code === CODES.TRY_AGAIN ? UNAVAILABLE : 400)

const cniAnswer = (value: object | undefined, status: number): HttpAnswer => ({
  status,
  headers: { 'Content-Type': TYPE },
  body: value === undefined ? '' : `${JSON.stringify(value)}\n`,
})
