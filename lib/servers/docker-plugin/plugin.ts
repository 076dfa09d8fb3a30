import { SlipwayError } from '../../base/errors.js'
import { Fields } from '../http/fields.js'
import { HttpError } from '../http/http-error.js'
import { json, type HttpAnswer, type HttpHandler, type HttpHead, type Protocol } from '../http/protocol.js'
import { statusOf } from '../http/status.js'
import type { Log } from '../log.js'
import type { Slipway } from '../../api/slipway.js'
import { AddressPools } from './address-pools.js'
import { ADDRESS_METHODS } from './addresses.js'
import type { PluginHost, PluginMethod } from './call.js'
import { ENDPOINT_METHODS } from './endpoints.js'
import { Kept } from './kept.js'
import { NetworksKept } from './networks-kept.js'
import { NETWORK_METHODS } from './networks.js'

/** The first that a dockerd says. */
const ACTIVATE = 'Plugin.Activate'

const METHODS: Readonly<Record<string, PluginMethod>> = {
  [ACTIVATE]: ({ networks }) => {
    networks.doubt()
    return { Implements: ['NetworkDriver', 'IpamDriver'] }
  },
  ...NETWORK_METHODS,
  ...ENDPOINT_METHODS,
  ...ADDRESS_METHODS,
}

/** The driver of networks and addresses that a real dockerd calls: its plugin protocol, version 1. */
export class DockerPlugin implements Protocol {
  readonly #host: PluginHost

  private constructor(host: PluginHost) {
    this.#host = host
  }

  /**
   * Makes the networks that dockerd takes to be there, as it does not tell of them again. Endpoints whose container has
   * ended meanwhile are removed when the host is opened, as all that has lost its namespace.
   *
   * @param folder - Where is kept what dockerd has told.
   * @throws {SlipwayError} where the folder cannot be used.
   */
  static async open(slipway: Slipway, folder: string, log: Log): Promise<DockerPlugin> {
    const kept = new Kept(folder)
    const networks = new NetworksKept(slipway, kept)
    for (const failure of await networks.restore()) log.warn(failure)
    return new DockerPlugin({ slipway, kept, networks, pools: new AddressPools(slipway) })
  }

  handlerFor({ method, path }: HttpHead): HttpHandler {
    const name = path.slice(1)
    const answer = method === 'POST' && Object.hasOwn(METHODS, name) ? METHODS[name] : undefined
    // To dockerd, 404 is a method that the plugin has not.
    if (!answer) throw new HttpError(404, `There is no ${method} ${path} of Docker's plugins.`)
    return {
      readsBody: true,
      answer: async ({ body, signal }) => {
        if (name !== ACTIVATE) this.#host.networks.hear()
        return json((await answer({ ...this.#host, body: Fields.parse(body), signal })) ?? {})
      },
    }
  }

  /** Drivers of networks say `Err`, those of addresses `Error`, both with the status 200. */
  refuse(error: unknown): HttpAnswer {
    const message = error instanceof Error ? error.message : String(error)
    return json({ Err: message, Error: message }, error instanceof SlipwayError ? 200 : statusOf(error))
  }
}
