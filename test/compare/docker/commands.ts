import type { Act, CreateNetwork, List, Run } from '../steps.js'
import { IMAGE } from '../../../build-bench/peers/docker/image.js'

/** The arguments of `docker` for a step. */
export function commandOf(step: Act | List): string[] {
  switch (step.do) {
    case 'create network':
      return createNetwork(step)
    case 'run':
      return runContainer(step)
    case 'connect':
      return [
        'network',
        'connect',
        ...flag('ip', step.ip),
        ...flag('ip6', step.ip6),
        ...flags('alias', step.aliases),
        ...flag('gw-priority', step.gwPriority),
        step.network,
        step.container,
      ]
    case 'disconnect':
      return ['network', 'disconnect', ...flag('force', step.force), step.network, step.container]
    case 'remove':
      return ['rm', '--force', step.name]
    case 'remove network':
      return ['network', 'rm', step.name]
    case 'prune':
      return [
        'network',
        'prune',
        '--force',
        ...flags(
          'filter',
          step.label?.map((label) => `label${label.startsWith('!') ? '!' : ''}=${label.replace(/^!/, '')}`),
        ),
      ]
    case 'list':
      return ['network', 'ls', '--format={{.Name}} {{.Driver}} {{.Scope}}', ...pairs('filter', step.filters)]
  }
}

function createNetwork({ name, driver, subnets = [], ipv4, ipv6, internal, labels, options }: CreateNetwork): string[] {
  return [
    'network',
    'create',
    ...flag('driver', driver),
    ...subnets.flatMap(({ subnet, gateway, ipRange, auxAddresses }) => [
      ...flag('subnet', subnet),
      ...flag('gateway', gateway),
      ...flag('ip-range', ipRange),
      ...pairs('aux-address', auxAddresses),
    ]),
    ...flag('ipv4', ipv4),
    ...flag('ipv6', ipv6),
    ...flag('internal', internal),
    ...pairs('label', labels),
    ...pairs('opt', options),
    name,
  ]
}

function runContainer(step: Run): string[] {
  return [
    'run',
    '--detach',
    ...flag('name', step.name),
    ...flag('network', step.network),
    ...flags('publish', step.publish),
    ...flag('ip', step.ip),
    ...flag('ip6', step.ip6),
    ...flag('mac-address', step.mac),
    ...flags('network-alias', step.aliases),
    ...flag('hostname', step.hostname),
    ...flag('domainname', step.domainname),
    ...flags('add-host', step.addHost),
    ...flags('dns', step.dns),
    ...flags('dns-search', step.dnsSearch),
    ...flags('dns-option', step.dnsOptions),
    IMAGE,
    'sleep',
    '600',
  ]
}

const flag = (name: string, value: string | number | boolean | undefined): string[] =>
  value === undefined ? [] : [`--${name}=${value}`]

const flags = (name: string, values: readonly string[] = []): string[] => values.flatMap((value) => flag(name, value))

const pairs = (name: string, values: Readonly<Record<string, string | boolean>> = {}): string[] =>
  flags(
    name,
    Object.entries(values).map(([key, value]) => `${key}=${value}`),
  )
