import type { Difference } from './differences.js'

/** The chapters of the document, in their order. */
export const TOPICS = [
  'Published ports',
  'Who reaches whom',
  'Networks',
  'Names',
  'Container mode',
  'The JSON of inspect and lists',
  "Docker's API",
] as const

/** Why a field of ours may be another than Docker's. */
export interface Reason {
  topic: (typeof TOPICS)[number]
  /** What differs, in a few words. */
  what: string
  why: string
  /** The fields; `*` stands for any text. */
  fields: readonly string[]
  /** What it is about; `*` stands for any text. Default: whatever it is. */
  at?: string
  /** Whether it differs in the way that the reason is about. Default: it does. */
  when?: (difference: Difference) => boolean
}

export interface Explained {
  /** By reason, in the order of the reasons. */
  explained: { reason: Reason; differences: Difference[] }[]
  unexplained: Difference[]
  /** Reasons for differences that there are not. */
  idle: Reason[]
}

/** Puts each difference to the first reason that fits it. */
export function explain(differences: readonly Difference[], reasons: readonly Reason[]): Explained {
  const found = new Map<Reason, Difference[]>(reasons.map((reason) => [reason, []]))
  const unexplained: Difference[] = []
  for (const difference of differences) {
    const reason = reasons.find((one) => fits(one, difference))
    ;(reason ? found.get(reason) : unexplained)?.push(difference)
  }
  return {
    explained: [...found]
      .filter(([, list]) => list.length > 0)
      .map(([reason, list]) => ({ reason, differences: list })),
    unexplained,
    idle: [...found].filter(([, list]) => list.length === 0).map(([reason]) => reason),
  }
}

const fits = ({ fields, at = '*', when = () => true }: Reason, difference: Difference) =>
  fields.some((field) => matches(field, difference.field)) && matches(at, difference.at) && when(difference)

const matches = (pattern: string, text: string) =>
  new RegExp(`^${pattern.split('*').map(escape).join('.*')}$`, 's').test(text)

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
