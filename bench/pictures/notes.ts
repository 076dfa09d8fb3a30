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
  against,
  date,
  command,
}: Run['facts']): string[] => [
  `${cpus}, ${memory}, Linux ${kernel}, HZ ${hz}, Node.js ${node}, br_netfilter ${brNetfilter}, load before ${load}`,
  [
    `Slipway ${commit}`,
    ...(against ? [`other checkout: ${against}`] : []),
    date.slice(0, 16).replace('T', ' '),
    ...(command ? [command] : []),
  ].join(' · '),
]
