import type { Scenario } from '../steps.js'

/** The four modes. */
export const modes: readonly Scenario[] = [
  {
    name: 'bridge',
    title: 'the default bridge',
    steps: [
      { do: 'run', name: 'app' },
      { do: 'look', containers: ['app'], networks: ['bridge'] },
    ],
  },
  {
    name: 'bridge-unused',
    title: 'the default bridge before any container is on it',
    steps: [{ do: 'look', networks: ['bridge', 'host', 'none'] }],
  },
  {
    name: 'bridge-two',
    title: 'two containers on the default bridge, one of them removed',
    steps: [
      { do: 'run', name: 'one' },
      { do: 'run', name: 'two' },
      { do: 'look', containers: ['two'], networks: ['bridge'] },
      { do: 'remove', name: 'one' },
      { do: 'look', when: 'one removed', networks: ['bridge'] },
    ],
  },
  {
    name: 'host',
    title: 'host mode',
    steps: [
      { do: 'run', name: 'app', network: 'host' },
      { do: 'look', containers: ['app'], networks: ['host'] },
    ],
  },
  {
    name: 'host-publish',
    title: 'a published port in host mode',
    steps: [
      { do: 'run', name: 'app', network: 'host', publish: ['8080:80'] },
      { do: 'look', containers: ['app'] },
    ],
  },
  {
    name: 'none',
    title: 'none mode',
    steps: [
      { do: 'run', name: 'app', network: 'none' },
      { do: 'look', containers: ['app'], networks: ['none'] },
    ],
  },
  {
    name: 'container',
    title: 'container mode, and the owner removed',
    steps: [
      { do: 'run', name: 'app', hostname: 'web', publish: ['8080:80'] },
      { do: 'run', name: 'side', network: 'container:app' },
      { do: 'look', containers: ['app', 'side'], networks: ['bridge'] },
      { do: 'remove', name: 'app' },
      { do: 'look', when: 'owner removed', containers: ['side'] },
    ],
  },
  {
    name: 'container-refused',
    title: 'what does not go with container mode',
    steps: [
      { do: 'run', name: 'app' },
      { do: 'run', name: 'with-port', network: 'container:app', publish: ['8080:80'], refused: true },
      { do: 'run', name: 'with-hostname', network: 'container:app', hostname: 'web', refused: true },
      { do: 'run', name: 'with-dns', network: 'container:app', dns: ['192.0.2.99'], refused: true },
      { do: 'run', name: 'with-host', network: 'container:app', addHost: ['db:192.0.2.9'], refused: true },
      { do: 'run', name: 'with-ip', network: 'container:app', ip: '172.17.0.9', refused: true },
      { do: 'run', name: 'with-alias', network: 'container:app', aliases: ['web'], refused: true },
      { do: 'run', name: 'with-mac', network: 'container:app', mac: '02:42:ac:11:00:99' },
    ],
  },
]
