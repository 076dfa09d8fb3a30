import { readFileSync } from 'node:fs'
import type { Sandbox } from 'slipway'
import { kernelState, readFiles } from './snapshot.js'
import type { Place, World } from './world.js'

/** All that there is of a sandbox, so that two of different hosts can be compared. */
export function everythingOf(world: World, sandbox: Sandbox) {
  const files = readFiles(world.stateDir)
  const [, record = ''] = Object.entries(files).find(([path]) => path.endsWith(`/sandboxes/${sandbox.name}.json`)) ?? []
  const state = (place: Place) =>
    Object.fromEntries(
      Object.entries(kernelState(place)).map(([section, lines]) => [
        section,
        lines.map((line) => alike(line, world)).sort(),
      ]),
    )
  return {
    host: state(world.host),
    inside: state(sandbox),
    files: Object.keys(files)
      .map((path) => alike(path, world))
      .sort(),
    record: alike(record, world),
    inspect: JSON.parse(alike(JSON.stringify(sandbox.inspect()), world)) as unknown,
    endpoints: JSON.parse(alike(JSON.stringify(sandbox.endpoints), world)) as unknown,
    mounts: mountsOf(sandbox).map((line) => alike(line, world)),
  }
}

/** Where it is bound, and as what: mountinfo without numbers. */
const mountsOf = ({ path }: Place) =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(` ${path} `))
    .map((line) => line.replace(/^\d+ \d+ \S+ /, '').replace(/:\d+/g, ''))

/** Without what is a host's or a moment's own: names, numbers, dates. */
function alike(text: string, { prefix, stateDir }: World): string {
  return (
    text
      .replaceAll(prefix, 'PREFIX')
      .replaceAll(stateDir, 'STATE')
      .replace(/veth[0-9a-f]{11}/g, 'VETH')
      .replace(/\bbr-[0-9a-f]{12}\b/g, 'BRIDGE')
      .replace(/\b[0-9a-f]{64}\b/g, 'ID')
      .replace(/ \([0-9a-f]{12}\)/g, ' (SHORT)')
      .replace(/\bnet:\[\d+\]/g, 'NETNS')
      .replace(/"[0-9a-f]{12}"/g, '"SHORT"')
      .replace(/STATE\/\d+\//g, 'STATE/HOST/')
      .replace(/"(ifindex|link_index|link_netnsid|pid|started|designated_port|id|no)":("?)\w+\2/g, '"$1":0')
      .replace(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'DATE')
      // Those that do not follow from an IPv4 address are drawn by lot, and what is made of them.
      .replace(/\b(?!02:42:(?:0a:01|ac:11):)[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/g, 'MAC')
      .replace(/\bfe80::(?!1\b)[0-9a-f:]+|\b8000(\.|:)[0-9a-f:]+/g, 'MAC')
  )
}
