import { execIn, type Place } from './world.js'

/** What a ruleset has counted, and which version it is. */

type Objects = Record<string, Record<string, unknown>>[]

const list = (place: Place): Objects =>
  (JSON.parse(execIn(place, 'nft', '-j', 'list', 'ruleset')) as { nftables: Objects }).nftables

/** Elements of all sets, a line each, with what they have counted. */
export const elementLines = (place: Place): string[] =>
  list(place).flatMap((object) => {
    const set = object['set'] ?? object['map']
    const elements = (set?.['elem'] ?? []) as unknown[]
    return elements.map((element) => `${String(set?.['family'])} ${String(set?.['name'])} ${JSON.stringify(element)}`)
  })

/** What rules with a counter have counted, by chain and comment. */
export const countedBy = (place: Place): Map<string, number> =>
  new Map(
    list(place).flatMap(({ rule }): [string, number][] => {
      const counter = (rule?.['expr'] as { counter?: { packets: number } }[] | undefined)?.find(
        (one) => typeof one.counter === 'object',
      )?.counter
      return counter ? [[`${String(rule?.['chain'])}: ${String(rule?.['comment'])}`, counter.packets]] : []
    }),
  )

/** Rulesets of our tables. The JSON of nft does not have their comments before 1.0.7. */
export const rulesets = (place: Place): string[] =>
  execIn(place, 'nft', 'list', 'ruleset').match(/(?<=comment ")slipway ruleset \d+/g) ?? []
