import type { Run } from './measured.js'

/** What a number means nothing without, as lines. */
export const notesOf = ({
  cpus,
  memory,
  kernel,
  hz,
  load,
  node,
  brNetfilter,
  commit,
  date,
  command,
}: Run['facts']): string[] => [
  `${cpus}, ${memory}, Linux ${kernel}, HZ ${hz}, Node.js ${node}, br_netfilter ${brNetfilter}, load before ${load}`,
  [`Slipway ${commit}`, date.slice(0, 16).replace('T', ' '), ...(command ? [command] : [])].join(' · '),
]
