import type { DockerRoute } from '../call.js'
import { connect, disconnect } from './connect.js'
import { create } from './create.js'
import { inspect } from './inspect.js'
import { list } from './list.js'
import { prune } from './prune.js'
import { remove } from './remove.js'

/** What `docker network` asks for. */
export const NETWORK_ROUTES: readonly DockerRoute[] = [
  { method: 'GET', path: '/networks', answer: list },
  { method: 'GET', path: '/networks/', answer: list },
  { method: 'GET', path: '/networks/:id', answer: inspect },
  { method: 'POST', path: '/networks/create', readsBody: true, answer: create },
  { method: 'POST', path: '/networks/prune', answer: prune },
  { method: 'POST', path: '/networks/:id/connect', readsBody: true, answer: connect },
  { method: 'POST', path: '/networks/:id/disconnect', readsBody: true, answer: disconnect },
  { method: 'DELETE', path: '/networks/:id', answer: remove },
]
