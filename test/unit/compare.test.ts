import test from 'ava'
import { ABSENT, compare } from '../compare/differences.js'
import { writeDocument } from '../compare/document.js'
import { explain, type Reason } from '../compare/explain.js'
import type { ContainerSighting, Observation } from '../compare/observation.js'
import { scenarios } from '../compare/scenarios.js'
import type { Scenario } from '../compare/steps.js'

// The comparison with Docker itself needs a dockerd (npm run compare:docker). Here: that it notices what it should, and
// nothing else.

const scenario: Scenario = { name: 'some', title: 'something', steps: [{ do: 'run', name: 'app', mac: '02:42:ac:11:00:99' }] }

interface Seen {
  id?: string
  mac?: string
  address?: string
  hosts?: string
  refused?: string
}

/** A side that saw one container. */
function side({ id = 'a'.repeat(64), mac = '3e:a8:8f:cd:78:e2', address = '172.17.0.2', hosts, refused }: Seen = {}): Observation {
  const container: ContainerSighting = {
    kind: 'container',
    inspect: {
      NetworkSettings: { SandboxID: id.replaceAll('a', 'c'), SandboxKey: `/run/netns/${id.slice(0, 12)}`, MacAddress: mac, IPAddress: address, Ports: {} },
      HostConfig: { NetworkMode: `container:${id}` },
      Config: { Hostname: id.slice(0, 12) },
    },
    port: [],
    files:
      hosts === undefined
        ? { unsupported: 'there is no sandbox.files' }
        : { hostname: `${id.slice(0, 12)}\n`, hosts: `127.0.0.1\tlocalhost\n${hosts}\n`, resolvConf: 'nameserver 192.0.2.53\n' },
    inside: { namespace: "app's", addresses: [], routes: [{ dst: 'default', dev: 'eth0', gateway: '172.17.0.1' }], routes6: [], bridges: {} },
  }
  return { version: 'X 1', ids: { [id]: 'app' }, steps: [{ step: 'run app', ...(refused === undefined ? {} : { refused }) }], sightings: { app: container } }
}

const between = (docker: Seen, slipway: Seen) => compare({ scenario, docker: side({ hosts: '192.0.2.1\tapp', ...docker }), slipway: side({ hosts: '192.0.2.1\tapp', ...slipway }) })

test('ids, paths and random MAC addresses differ from run to run, and are no differences', (t) => {
  const { differences, missing } = between({}, { id: 'b1'.repeat(32), mac: '56:0a:12:cd:78:00' })
  t.deepEqual(differences, [])
  t.deepEqual(missing, [])
})

test('a MAC address that was asked for is compared', (t) => {
  const { differences } = between({ mac: '02:42:ac:11:00:99' }, {})
  t.deepEqual(differences, [{ scenario: 'some', at: 'app', field: 'inspect.NetworkSettings.MacAddress', docker: '"02:42:ac:11:00:99"', slipway: '"<mac>"' }])
})

test('fields differ by value, lines of hosts by being there', (t) => {
  const { differences } = between({}, { address: '172.17.0.3', hosts: '192.0.2.1\tother' })
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
  t.deepEqual(between({ refused: 'no' }, { refused: 'INVALID_ARGUMENT: not so. Rather so.' }).differences, [])
  t.deepEqual(between({}, { refused: 'INVALID_ARGUMENT: not so. Rather so.' }).differences, [
    { scenario: 'some', at: 'run app', field: 'step', docker: 'done', slipway: 'refused: INVALID_ARGUMENT: not so.' },
  ])
})

test('what cannot be asked yet is reported apart, and the rest compared', (t) => {
  const { differences, missing } = compare({ scenario, docker: side({ hosts: '192.0.2.1\tapp' }), slipway: side({ address: '172.17.0.3' }) })
  t.deepEqual(differences.map(({ field }) => field), ['inspect.NetworkSettings.IPAddress'])
  t.deepEqual(
    missing.map(({ what }) => what),
    ['inspect.Config.Hostname', 'hostname', 'hosts', 'resolv.conf'].map((field) => `${field}: there is no sandbox.files`),
  )
})

test('a reason takes the differences that it fits; the others are left over, and reasons that fit none are named', (t) => {
  const { differences } = between({}, { address: '172.17.0.3', hosts: '192.0.2.1\tother' })
  const address: Reason = { field: '*.IPAddress', why: 'meant to be' }
  const other: Reason = { field: 'hosts.*', at: 'network *', why: 'elsewhere' }
  const never: Reason = { field: 'hosts.*', when: ({ slipway }) => slipway === '"never"', why: 'never' }
  const result = explain(differences, [address, other, never])
  t.deepEqual(result.explained.map(({ reason, differences: of }) => [reason.why, of.length]), [['meant to be', 1]])
  t.deepEqual(result.unexplained.map(({ field }) => field), ['hosts.192.0.2.1 app', 'hosts.192.0.2.1 other'])
  t.deepEqual(result.idle, [other, never])
})

test('the document lists what has no reason first, then what is not supported, then the reasons', (t) => {
  const { differences } = between({}, { address: '172.17.0.3', hosts: '192.0.2.1\tother' })
  const explained = explain(differences, [{ field: '*.IPAddress', why: 'meant | to be' }])
  const text = writeDocument({ ...explained, docker: 'Docker Engine 1', slipway: 'Slipway 1', kernel: '6.18', scenarios: [scenario], missing: [{ scenario: 'some', what: 'a thing' }] })
  t.deepEqual(text.match(/^##? .*$/gm), ['# Differences from Docker', '## Without a reason', '## Not supported yet', '## Differences and their reasons', '## What was compared'])
  t.true(text.includes('Docker Engine 1'))
  t.true(text.includes('| `inspect.NetworkSettings.IPAddress` | `"172.17.0.2"` | `"172.17.0.3"` | meant \\| to be | some |'))
})

test('scenarios have names of their own', (t) => {
  t.is(new Set(scenarios.map(({ name }) => name)).size, scenarios.length)
})
