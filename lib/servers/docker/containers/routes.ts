import type { DockerRoute } from '../call.js'
import { create } from './create.js'
import { inspect } from './inspect.js'
import { list } from './list.js'
import { kill, remove, start, stop } from './stages.js'
import { wait } from './wait.js'

export const CONTAINER_ROUTES: readonly DockerRoute[] = [
  { method: 'GET', path: '/containers/json', answer: list },
  { method: 'GET', path: '/containers/:id/json', answer: inspect },
  { method: 'POST', path: '/containers/create', readsBody: true, answer: create },
  { method: 'POST', path: '/containers/:id/start', answer: start },
  { method: 'POST', path: '/containers/:id/stop', answer: stop },
  { method: 'POST', path: '/containers/:id/kill', answer: kill },
  { method: 'POST', path: '/containers/:id/wait', answer: wait },
  { method: 'DELETE', path: '/containers/:id', answer: remove },
]
