import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const NAMESPACES = fileURLToPath(new URL('../../scripts/in-own-namespaces.sh', import.meta.url))

/** Makes such a link of one end of a veth, or of none where it needs none. */
const TRY = `ip link add name far0 type veth peer name near0
case $1 in
  dummy) ip link add name tried type dummy;;
  vlan) ip link add name tried link near0 type vlan id 50;;
  *) ip link add name tried link near0 type "$1";;
esac`

/** Whether the kernel has a kind of link: tried in namespaces that go at once. */
export const kernelHas = (kind: string): boolean =>
  spawnSync(NAMESPACES, ['sh', '-euc', TRY, 'sh', kind], { stdio: 'ignore' }).status === 0
