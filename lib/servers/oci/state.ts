import { invalid, show } from '../../base/errors.js'

/** The state of a container, as an OCI runtime (runtime specification 1.0 to 1.2) gives it to a hook. */
export interface ContainerState {
  /** Of the container, in its runtime. */
  id: string
  /** Absolute path of the folder with its config.json. */
  bundle: string
  /** Of its first process, as the hook sees it. Left out where there is none any more. */
  pid?: number
  /** Those of its config.json. */
  annotations: Readonly<Record<string, string>>
}

/** @param text - What the runtime has written to the hook. @throws {SlipwayError} `INVALID_ARGUMENT` */
export function readState(text: string): ContainerState {
  const state = parse(text)
  const { id, bundle, pid, annotations = {} } = state
  if (typeof id !== 'string' || id === '') throw wrong('id', 'a text', id)
  if (typeof bundle !== 'string' || !bundle.startsWith('/')) throw wrong('bundle', 'an absolute path', bundle)
  if (!isObject(annotations)) throw wrong('annotations', 'an object of texts', annotations)
  const odd = Object.values(annotations).find((value) => typeof value !== 'string')
  if (odd !== undefined) throw wrong('annotations', 'an object of texts', annotations)
  return { id, bundle, annotations: annotations as Record<string, string>, ...pidOf(pid) }
}

function pidOf(pid: unknown): { pid?: number } {
  // Of a container that has ended, runtimes write 0, or nothing.
  if (pid === undefined || pid === 0) return {}
  if (Number.isInteger(pid) && (pid as number) > 0) return { pid: pid as number }
  throw wrong('pid', 'the id of a process', pid)
}

function parse(text: string): Record<string, unknown> {
  let state: unknown
  try {
    state = JSON.parse(text)
  } catch (error) {
    throw invalid(
      `A hook gets the container's state as JSON on stdin, and got ${text === '' ? 'nothing' : show(text)} (${(error as Error).message}). An OCI runtime writes it.`,
    )
  }
  if (isObject(state)) return state
  throw invalid(`The state of a container is a JSON object, as in { "id": "web", … }, and is ${show(state)}.`)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const wrong = (name: string, expected: string, value: unknown) =>
  invalid(`The state of a container: ${name} must be ${expected}, and is ${show(value)}.`)
