import { ABSENT, type Difference } from './differences.js'
import type { Reason } from './explain.js'

/** Every difference from Docker that is meant to be. */
export const reasons: readonly Reason[] = [
  ...['inspect.NetworkSettings.Ports.*', 'port'].map((field) => ({
    field,
    when: differsByIpv6Relay,
    why: 'a container without IPv6: Docker relays [::] to its IPv4 address by a process for each port (docker-proxy). We have no such process; a port is published for the families that the sandbox has',
  })),
  {
    field: 'step',
    at: 'run app',
    when: ({ scenario, slipway }) => scenario === 'host-publish' && isInvalid(slipway),
    why: 'in host mode there is nothing to publish: Docker warns and drops the port, we refuse, so that nobody relies on it',
  },
  {
    field: 'step',
    at: 'run with-mac',
    when: ({ slipway }) => isInvalid(slipway),
    why: "Docker takes a MAC address in container mode and never uses it; we refuse what would have no effect",
  },
  {
    field: 'step',
    at: 'create network unknown-option',
    when: ({ slipway }) => isInvalid(slipway),
    why: 'Docker keeps options that it does not know and never looks at them; we refuse them, so that a misspelt one is noticed',
  },
  {
    field: 'resolv.conf.nameserver',
    when: ({ docker, slipway }) => docker === '["127.0.0.11"]' && slipway !== ABSENT,
    why: "Docker's resolver has a socket and NAT rules of its own in every container; ours is one for the network and listens on the addresses of its bridge",
  },
  { field: 'resolv.conf.comments', when: ({ docker }) => docker.includes('Docker Engine'), why: "Docker's notes to itself on how the file was made" },
]

const isInvalid = (outcome: string) => outcome.startsWith('refused: INVALID_ARGUMENT')

/** Only the bindings of `[::]` that Docker adds where there is no IPv6. */
function differsByIpv6Relay({ scenario, docker, slipway }: Difference): boolean {
  if (scenario.startsWith('ipv6') || docker === ABSENT || slipway === ABSENT) return false
  const bindings = JSON.parse(docker) as string[] | null
  return bindings !== null && JSON.stringify(bindings.filter((binding) => !/(^|-> )\[::\]:\d+$/.test(binding))) === slipway
}
