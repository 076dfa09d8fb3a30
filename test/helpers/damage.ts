import { ipJson, execIn, type World } from './world.js'

/** Links, addresses and elements of a host, without what counts or ages. */
export function inspectHost({ host }: World): { links: string[]; elements: string[] } {
  const links = ipJson<{ ifname: string; master?: string; ifalias?: string }>(host, 'link').map(
    ({ ifname, master, ifalias }) => [ifname, master, ifalias].join(' '),
  )
  const text = execIn(host, 'nft', '--stateless', 'list', 'ruleset')
  return {
    links: links.sort(),
    elements: text
      .split('\n')
      .filter((line) => line.includes('comment'))
      .map((line) => line.trim())
      .sort(),
  }
}
