import type { List, Scenario } from '../steps.js'

const list = (when: string, filters?: List['filters']): List => ({ do: 'list', when, ...(filters ? { filters } : {}) })

/** Lists of networks, and what `network prune` takes away. */
export const lists: readonly Scenario[] = [
  {
    name: 'network-ls',
    title: 'network ls, its filters, network prune',
    steps: [
      { do: 'create network', name: 'web', labels: { tier: 'front' } },
      { do: 'create network', name: 'back', labels: { tier: 'back', keep: '' } },
      { do: 'create network', name: 'idle' },
      { do: 'run', name: 'app', network: 'web' },
      list('all'),
      list('driver=bridge', { driver: 'bridge' }),
      list('driver=null', { driver: 'null' }),
      list('name=b', { name: 'b' }),
      list('label=tier', { label: 'tier' }),
      list('label=tier=front', { label: 'tier=front' }),
      list('type=custom', { type: 'custom' }),
      list('type=builtin', { type: 'builtin' }),
      list('dangling=true', { dangling: true }),
      list('dangling=false', { dangling: false }),
      { do: 'prune', label: ['!keep'] },
      list('pruned without the label keep'),
      { do: 'prune' },
      list('pruned'),
    ],
  },
]
