/** Comment of the elements that belong to a sandbox, as `nft list ruleset` shows it. */
export const ownerComment = (name: string, id: string): string => `${name} (${id.slice(0, 12)})`

/** The two halves of {@link ownerComment}. */
export function readOwner(comment: string): { name: string; shortId: string } | undefined {
  const [, name, shortId] = /^(.*) \(([0-9a-f]{12})\)$/.exec(comment) ?? []
  return name !== undefined && shortId !== undefined ? { name, shortId } : undefined
}
