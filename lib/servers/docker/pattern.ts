import { badRequest } from '../http/http-error.js'

/** So often a pattern may say "any number of any": each more makes its longest search a hundred times longer. */
const MOST_OPEN = 2
const LONGEST = 256

/**
 * A filter of Docker's for names and ids: the whole text, or a regular expression that is found in it. Go takes no
 * longer for any expression; V8 may take years. So only what takes V8 no time is read: text, `^`, `$`, `.`, `.*`, `.+`
 * and groups of choices, as in `^(web|db)$`.
 *
 * @throws {HttpError} 400 for any other expression.
 */
export function pattern(text: string): (candidate: string) => boolean {
  const open = text.match(/\.[*+]/g) ?? []
  const plain = text.replace(/\.[*+]/g, '')
  const expression =
    text.length <= LONGEST && open.length <= MOST_OPEN && /^(?:[\w\-/.^$|()]|\\[.\-/])*$/.test(plain)
      ? compiled(text)
      : undefined
  if (!expression)
    throw badRequest(
      `invalid filter ${JSON.stringify(text)}: names and ids are matched by text with ^, $, ., at most ${MOST_OPEN} times .* and choices, as in ^(web|db)$`,
    )
  return (candidate) => candidate === text || expression.test(candidate)
}

function compiled(text: string): RegExp | undefined {
  try {
    return new RegExp(text)
  } catch {
    return undefined
  }
}
