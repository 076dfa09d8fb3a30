import type { Slipway } from 'slipway'
import { endpoint } from '../endpoint.js'
import type { Library } from '../library.js'
import { makeSegment, SEGMENT } from '../segment.js'
import type { SegmentKind, TrialSpec } from '../trial-spec.js'
import { Ours } from './ours.js'

const NETWORK = 'segment'

/** Slipway with sandboxes on a macvlan or an ipvlan network. They publish no port: all of theirs can be reached. */
export class OursOnSegment extends Ours {
  readonly #kind: SegmentKind

  constructor(slipway: Slipway, kind: SegmentKind) {
    super(slipway)
    this.#kind = kind
  }

  static async openOn({ Slipway }: Library, kind: SegmentKind): Promise<OursOnSegment> {
    return new OursOnSegment(await Slipway.open({ stateDir: '/run/slipway' }), kind)
  }

  override async prepare(spec: TrialSpec): Promise<void> {
    const { parent, subnet, gateway } = SEGMENT
    makeSegment()
    await this.slipway.networks.create({
      name: NETWORK,
      driver: this.#kind,
      options: { parent },
      subnets: [{ subnet, gateway }],
    })
    await super.prepare(spec)
  }

  protected override make(n: number) {
    return this.slipway.sandboxes.create({ name: endpoint(n).name, network: NETWORK })
  }
}
