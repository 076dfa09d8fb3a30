import test from 'ava'
import { ABSENT, compare, refusalsOf } from '../compare/differences.js'
import { writeDocument } from '../compare/document.js'
import { explain, type Reason } from '../compare/explain.js'
import type { ContainerSighting, Observation } from '../compare/observation.js'
import { scenarios } from '../compare/scenarios.js'
import type { Scenario } from '../compare/steps.js'

// The comparison with Docker itself needs a dockerd (npm run compare:docker). Here: that it notices what it should, and
// nothing else.

const scenario: Scenario = {
  name: 'some',
  title: 'something',
  steps: [{ do: 'run', name: 'app', mac: '02:42:ac:11:00:99' }],
}

interface Seen {
  id?: string
  mac?: string
  address?: string
  hosts?: string
  refused?: string
}

/** A side that saw one container. */
function side({
  id = 'a'.repeat(64),
  mac = '3e:a8:8f:cd:78:e2',
  address = '172.17.0.2',
  hosts = '192.0.2.1\tapp',
  refused,
}: Seen = {}): Observation {
  const container: ContainerSighting = {
    kind: 'container',
    inspect: {
      NetworkSettings: {
        SandboxID: id.replaceAll('a', 'c'),
        SandboxKey: `/run/netns/${id.slice(0, 12)}`,
        MacAddress: mac,
        IPAddress: address,
        Ports: {},
      },
      HostConfig: { NetworkMode: `container:${id}` },
      Config: { Hostname: id.slice(0, 12) },
    },
    port: [],
    files: {
      hostname: `${id.slice(0, 12)}\n`,
      hosts: `127.0.0.1\tlocalhost\n${hosts}\n`,
      resolvConf: 'nameserver 192.0.2.53\n',
    },
    inside: {
      namespace: "app's",
      addresses: [],
      routes: [{ dst: 'default', dev: 'eth0', gateway: '172.17.0.1' }],
      routes6: [],
      bridges: {},
    },
  }
  return {
    version: 'X 1',
    ids: { [id]: 'app' },
    steps: [{ step: 'run app', ...(refused === undefined ? {} : { refused }) }],
    sightings: { app: container },
  }
}

const reason = (about: Partial<Reason>): Reason => ({
  topic: 'Networks',
  what: 'something',
  why: 'Because.',
  fields: [],
  ...about,
})

const between = (docker: Seen, slipway: Seen) => compare({ scenario, docker: side(docker), slipway: side(slipway) })

test('ids, paths and random MAC addresses differ from run to run, and are no differences', (t) => {
  t.deepEqual(between({}, { id: 'b1'.repeat(32), mac: '56:0a:12:cd:78:00' }), [])
})

test('a MAC address that was asked for is compared', (t) => {
  const differences = between({ mac: '02:42:ac:11:00:99' }, {})
  t.deepEqual(differences, [
    {
      scenario: 'some',
      at: 'app',
      field: 'inspect.NetworkSettings.MacAddress',
      docker: '"02:42:ac:11:00:99"',
      slipway: '"<mac>"',
    },
  ])
})

test('fields differ by value, lines of hosts by being there', (t) => {
  const differences = between({}, { address: '172.17.0.3', hosts: '192.0.2.1\tother' })
  t.deepEqual(
    differences.map(({ field, docker, slipway }) => [field, docker, slipway]),
    [
      ['inspect.NetworkSettings.IPAddress', '"172.17.0.2"', '"172.17.0.3"'],
      ['hosts.192.0.2.1 app', '"there"', ABSENT],
      ['hosts.192.0.2.1 other', ABSENT, '"there"'],
    ],
  )
})

test('a step that only one side refuses is a difference; in what words is none', (t) => {
  t.deepEqual(between({ refused: 'no' }, { refused: 'INVALID_ARGUMENT: not so. Rather so.' }), [])
  t.deepEqual(between({}, { refused: 'INVALID_ARGUMENT: not so. Rather so.' }), [
    { scenario: 'some', at: 'run app', field: 'step', docker: 'done', slipway: 'refused: INVALID_ARGUMENT: not so.' },
  ])
})

test('what both refuse is kept in the words of each', (t) => {
  const pair = { scenario, docker: side({ refused: 'no' }), slipway: side({ refused: 'INVALID_ARGUMENT: not so.' }) }
  t.deepEqual(refusalsOf(pair), [
    { scenario, step: scenario.steps[0], docker: 'no', slipway: 'INVALID_ARGUMENT: not so.' },
  ])
  t.deepEqual(refusalsOf({ ...pair, docker: side() }), [])
})

test('a reason takes the differences that it fits; the others are left over, and reasons that fit none are named', (t) => {
  const differences = between({}, { address: '172.17.0.3', hosts: '192.0.2.1\tother' })
  const address = reason({ what: 'meant to be', fields: ['*.IPAddress'] })
  const other = reason({ fields: ['hosts.*'], at: 'network *' })
  const never = reason({ fields: ['hosts.*'], when: ({ slipway }) => slipway === '"never"' })
  const result = explain(differences, [address, other, never])
  t.deepEqual(
    result.explained.map(({ reason: { what }, differences: of }) => [what, of.length]),
    [['meant to be', 1]],
  )
  t.deepEqual(
    result.unexplained.map(({ field }) => field),
    ['hosts.192.0.2.1 app', 'hosts.192.0.2.1 other'],
  )
  t.deepEqual(result.idle, [other, never])
})

test('the document lists what has no reason first, then the reasons by topic, then what both refuse', (t) => {
  const differences = between({}, { address: '172.17.0.3', hosts: '192.0.2.1\tother' })
  const explained = explain(differences, [
    reason({ what: 'Another address', fields: ['*.IPAddress'], why: 'Meant to be.' }),
  ])
  const refusals = refusalsOf({
    scenario,
    docker: side({ refused: 'no | never' }),
    slipway: side({ refused: 'INVALID_ARGUMENT: not so.' }),
  })
  const text = writeDocument({
    ...explained,
    docker: 'Docker Engine 1',
    slipway: 'Slipway 1',
    kernel: '6.18',
    scenarios: [scenario],
    leftOut: [{ name: 'absent', title: 'a link that the kernel lacks', needs: ['dummy'], steps: [] }],
    refusals,
  })
  t.deepEqual(text.match(/^##? .*$/gm), [
    '# Differences from Docker',
    '## Without a reason',
    '## Networks',
    '## What both refuse, in the words of each',
    '## The scenarios',
  ])
  t.true(text.includes('Docker Engine 1'))
  t.true(text.includes('- `absent`: a link that the kernel lacks (dummy)'))
  t.true(text.includes('**Another address.** Meant to be.'))
  t.true(text.includes('    NetworkSettings.IPAddress (some)\n    Docker:  "172.17.0.2"\n    Slipway: "172.17.0.3"'))
  t.true(text.includes('| `run --mac-address=02:42:ac:11:00:99` | no \\| never | INVALID_ARGUMENT: not so. |'))
})

test('scenarios have names of their own', (t) => {
  t.is(new Set(scenarios.map(({ name }) => name)).size, scenarios.length)
})
