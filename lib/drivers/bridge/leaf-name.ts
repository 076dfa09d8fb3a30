/** Of a network. */
interface Named {
  id: string
  bridge: string
}

/** IFNAMSIZ of linux/if.h, without the null. */
const LONGEST_NAME = 15

/** Leaves count from 1. */
export function leafName({ bridge, id }: Named, number: number): string {
  const name = `${bridge}-${number}`
  return name.length <= LONGEST_NAME ? name : `br-${id.slice(0, 7)}-${number}`
}

/** The number of the leaf that a bridge is; `undefined` when it is none of this network. */
export function leafNumber(network: Named, bridge: string): number | undefined {
  const number = Number(/-([1-9]\d*)$/.exec(bridge)?.[1] ?? 0)
  return number > 0 && leafName(network, number) === bridge ? number : undefined
}
