import { ABSENT, type Difference } from './differences.js'
import type { Reason } from './explain.js'

const PORTS = ['inspect.NetworkSettings.Ports.*', 'port']

/** Every difference from Docker that is meant to be. */
export const reasons: readonly Reason[] = [
  {
    topic: 'Published ports',
    what: 'No [::] without IPv6',
    why: 'For a container without IPv6, Docker runs a process for each port (docker-proxy) that relays connections to [::]. Slipway has no such process. It publishes a port for the families that the sandbox has.',
    fields: PORTS,
    when: differsByIpv6Relay,
  },
  {
    topic: 'Published ports',
    what: 'An IPv6 host address for a sandbox without IPv6 is refused',
    why: 'Docker relays these connections, too. Give the network IPv6, or publish on an IPv4 address.',
    fields: ['step'],
    at: 'run six',
    when: isRefusedHere,
  },
  {
    topic: 'Published ports',
    what: 'Ports that could not be reached are refused',
    why: 'In host mode Docker warns and drops them. In none mode and on internal networks it drops them without a word. Slipway reports an error, so that no program relies on such a port.',
    fields: ['step'],
    at: 'run *',
    when: (difference) =>
      ['host-publish', 'publish-none', 'publish-nowhere'].includes(difference.scenario) && isRefusedHere(difference),
  },
  {
    topic: 'Published ports',
    what: 'Published ports on macvlan and ipvlan networks are refused',
    why: 'Docker ignores them there without a word. The sandbox has an address of its own on the segment, where all of its ports can be reached. To publish one on the host, connect the sandbox to a bridge network that leads to the world.',
    fields: ['step'],
    at: 'run *',
    when: (difference) => difference.scenario === 'macvlan-publish' && isRefusedHere(difference),
  },
  {
    topic: 'Published ports',
    what: 'host_binding_ipv6 is an option, too',
    why: 'Docker stores com.docker.network.bridge.host_binding_ipv6 and never reads it. With an address in host_binding_ipv4, it publishes nothing for IPv6. Slipway does the same, unless host_binding_ipv6 names an address.',
    fields: PORTS,
    at: 'app',
    when: ({ scenario, docker, slipway }) =>
      scenario === 'host-binding-ipv6' && !docker.includes('[2001:db8::5]') && slipway.includes('[2001:db8::5]'),
  },
  {
    topic: 'Published ports',
    what: 'Ports that lead nowhere for now are listed, as null',
    why: 'Docker lists none of them once the container is on internal networks alone. With Slipway they stay published, and lead to the sandbox again with its next network that reaches the world.',
    fields: ['inspect.NetworkSettings.Ports', 'inspect.NetworkSettings.Ports.*'],
    at: 'app (the internal one left over)',
    when: ({ docker, slipway }) => (docker === '{}' && slipway === ABSENT) || (docker === ABSENT && slipway === 'null'),
  },
  {
    topic: 'Who reaches whom',
    what: "Published ports do not answer on the host's own ::1",
    why: "Docker's relay process answers there. The kernel cannot lead a connection to ::1 anywhere else. 127.0.0.1 and the host's other addresses do answer.",
    fields: ['host to [::1]:*'],
  },
  {
    topic: 'Who reaches whom',
    what: "Another network's sandbox is seen by its own address",
    why: "A connection that is allowed between networks (to published ports, to routed networks) keeps the sender's address. Docker replaces it by an address of the bridge.",
    fields: ['* to *'],
    at: 'reach*',
    when: ({ docker, slipway }) =>
      /^"seen as (172\.20\.0|10\.\d\.0|fd00:25:)\.?:?1"$/.test(docker) &&
      /^"seen as (172\.21\.0\.9|10\.\d\.0\.9|fd00:24::10)"$/.test(slipway),
  },
  {
    topic: 'Who reaches whom',
    what: 'Without masquerading, answers come in',
    why: 'With enable_ip_masquerade=false, Docker drops all packets from outside to an address of a container, answers included. Slipway lets in packets of a connection that the sandbox has opened.',
    fields: ['ee to *'],
    when: ({ docker, slipway }) => docker === '"no answer"' && slipway === '"seen as 10.5.0.9"',
  },
  {
    topic: 'Networks',
    what: 'Unknown driver options are refused',
    why: 'Docker stores options that it does not know, or that are of another driver, and never reads them. Slipway refuses them, so that you notice a misspelt one.',
    fields: ['step'],
    at: 'create network *-option',
    when: isRefusedHere,
  },
  {
    topic: 'Networks',
    what: 'An IPv6 subnet with ipv6 off is refused',
    why: 'Docker creates the network and leaves the subnet unused.',
    fields: ['step'],
    at: 'create network ipv6-off',
    when: isRefusedHere,
  },
  {
    topic: 'Networks',
    what: "Subnets that the host's own routes or addresses cover are refused, unless you give `force`",
    why: 'Docker takes any subnet that you name, and then two links of the host have the same addresses. (From the pools, both choose a free subnet. Routes by a gateway, and those that lead nowhere, occupy nothing.)',
    fields: ['step'],
    at: 'create network of-the-host',
    when: isRefusedHere,
  },
  {
    topic: 'Networks',
    what: 'On a segment, a gateway only where you name one',
    why: 'Docker 28 takes the first address of the range for a gateway and sends everything there, whoever has that address. With Slipway, as with Docker 29, sandboxes of a macvlan network have a default route only where you name a gateway.',
    fields: ['inspect.NetworkSettings.Networks.lan.Gateway', 'routes.default dev eth0.gateway'],
    at: 'app',
    when: ({ scenario, docker, slipway }) =>
      scenario === 'macvlan-no-gateway' && docker === '"192.0.2.128"' && ['""', ABSENT].includes(slipway),
  },
  {
    topic: 'Networks',
    what: 'On a segment, the MTU option holds',
    why: 'Docker stores com.docker.network.driver.mtu of a macvlan network and never reads it. With Slipway, links of sandboxes have that MTU. It refuses one that the parent cannot carry, and what is no number.',
    fields: ['links.eth0.mtu', 'step'],
    when: (difference) =>
      (/^macvlan-(private|vepa|passthru)$/.test(difference.scenario) &&
        difference.docker === '1500' &&
        difference.slipway === '1400') ||
      (/^create network (bad|wide)-mtu$/.test(difference.at) && isRefusedHere(difference)),
  },
  {
    topic: 'Networks',
    what: 'Networks on one parent may have the same subnet',
    why: 'Docker refuses a second network with a subnet that overlaps. Slipway gives no address of a segment twice, in whichever network on its parent. So several networks, for example with different modes, can share a subnet.',
    fields: ['step'],
    at: 'create network overlapping',
    when: ({ scenario, docker, slipway }) =>
      scenario === 'macvlan-refused' && docker.includes('Pool overlaps') && slipway === 'done',
  },
  {
    topic: 'Networks',
    what: 'Loopback and multicast subnets are refused',
    why: 'Docker creates such networks, although their addresses have another meaning to every kernel.',
    fields: ['step'],
    at: 'create network *',
    when: (difference) => /loopback|multicast/.test(difference.at) && isRefusedHere(difference),
  },
  {
    topic: 'Networks',
    what: 'A static address on the default bridge is possible',
    why: 'Docker refuses --ip there. With Slipway you can choose an address of the subnet on every network, including the default one.',
    fields: ['step'],
    when: ({ scenario, at, slipway }) =>
      scenario === 'attach-refused' && ['run default-ip', 'connect app to bridge'].includes(at) && slipway === 'done',
  },
  {
    topic: 'Names',
    what: "The network's resolver has an address of the bridge",
    why: "On user-defined networks, Docker's resolver is at 127.0.0.11, by a socket and NAT rules in every container. Slipway has one resolver for each network. It listens on the addresses of the bridge, and nothing changes in the sandbox.",
    fields: ['resolv.conf.nameserver'],
    when: ({ docker, slipway }) =>
      docker === '["127.0.0.11"]' &&
      /^\["(172\.\d+\.0\.\d+|10\.\d+\.0\.1|2001:db8:\d::[0-9a-f]+|<ula>::1)"\]$/.test(slipway),
  },
  {
    topic: 'Names',
    what: 'No resolver where the host has no address in the network',
    why: 'With gateway mode isolated, with inhibit_ipv4, and on macvlan networks, no resolver could listen. Sandboxes have the nameservers of the host, as on the default bridge, and reach each other by address. The same holds for a sandbox that has left its last network.',
    fields: ['resolv.conf.nameserver', 'resolv.conf.options'],
    when: ({ scenario, at, slipway }) =>
      ['isolated', 'inhibit-ipv4'].includes(scenario) ||
      at === 'app (without)' ||
      (scenario.startsWith('macvlan') &&
        /^\["192\.0\.2\.53"(,"2001:db8::53")?\]$|^\["edns0","timeout:2"\]$/.test(slipway)),
  },
  {
    topic: 'Names',
    what: 'Comments in resolv.conf',
    why: 'Docker notes how it made the file, and leaves it alone once a process inside has edited it. Slipway writes it again when networks or options change, and the comment says so.',
    fields: ['resolv.conf.comments'],
    when: ({ docker }) => docker.includes('Docker Engine'),
  },
  {
    topic: 'Container mode',
    what: 'inspect says who owns the network, and whether that sandbox is still there',
    why: "Docker's inspect is empty in container mode, before and after the owner has gone. SharedNetwork (sandbox.sharing) has the owner's id, its name and whether it is alive. When it is not, the sandbox has loopback and nothing else.",
    fields: ['inspect.NetworkSettings.SharedNetwork.*', 'body.NetworkSettings.SharedNetwork.*'],
  },
  {
    topic: 'Container mode',
    what: 'SandboxID and SandboxKey are filled in',
    why: 'A sandbox that shares a namespace has its own path to it, which stays when the owner goes.',
    fields: ['inspect', 'body'].flatMap((of) => [
      `${of}.NetworkSettings.SandboxID`,
      `${of}.NetworkSettings.SandboxKey`,
    ]),
    at: '*side*',
    when: ({ docker }) => docker === '""',
  },
  {
    topic: 'Container mode',
    what: 'You have to name the owner itself',
    why: 'Docker lets a container join one that has joined another. With Slipway, name the sandbox that owns the network. The refusal says which one that is.',
    fields: ['step'],
    at: 'run of-side',
    when: isRefusedHere,
  },
  {
    topic: 'Container mode',
    what: 'A MAC address is refused',
    why: 'Docker accepts one and never uses it.',
    fields: ['step'],
    at: 'run with-mac',
    when: isRefusedHere,
  },
  {
    topic: 'The JSON of inspect and lists',
    what: 'What was not asked for is always null',
    why: 'After docker run, IPAMConfig, Aliases and DriverOpts of an endpoint are null if you did not ask for any. After docker network connect they are {} and []. With Slipway they are null in both cases.',
    fields: ['IPAMConfig', 'Aliases', 'DriverOpts'].map((field) => `inspect.NetworkSettings.Networks.*.${field}`),
    when: ({ docker, slipway }) => ['{}', '[]'].includes(docker) && slipway === 'null',
  },
  {
    topic: "Docker's API",
    what: 'A program is refused',
    why: 'A container of slipway serve is a network stack, and runs nothing: a body with Cmd is answered with 501. docker run works, as it sends no command where none is typed.',
    fields: ['status'],
    at: 'POST /containers/create*',
    when: ({ slipway }) => slipway === '501',
  },
  {
    topic: 'The JSON of inspect and lists',
    what: 'network ls --filter dangling looks for sandboxes on a network',
    why: "Docker's list calls every user-defined network dangling, used or not. Slipway calls a user-defined network dangling if no sandbox is on it. These are the networks that prune removes.",
    fields: ['networks'],
    at: 'network ls dangling=*',
  },
]

function isRefusedHere({ docker, slipway }: Difference): boolean {
  return docker === 'done' && /^refused: (INVALID_ARGUMENT|CONFLICT)/.test(slipway)
}

/** Only the bindings of `[::]` that Docker adds where there is no IPv6. */
function differsByIpv6Relay({ scenario, docker, slipway }: Difference): boolean {
  if (scenario.startsWith('ipv6') || docker === ABSENT || slipway === ABSENT) return false
  const bindings = JSON.parse(docker) as string[] | null
  return (
    bindings !== null && JSON.stringify(bindings.filter((binding) => !/(^|-> )\[::\]:\d+$/.test(binding))) === slipway
  )
}
