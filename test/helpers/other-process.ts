import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Slipway, type CreateOptions, type OpenOptions } from '#lib/index.js'

/** Another process with a Slipway of its own on the same host. */

/** What it is asked to do: to create a sandbox, a method of the one of that name, or to list them all. */
export type Call =
  | ['list']
  | ['create', string, CreateOptions]
  | ['inspect' | 'ports' | 'remove', string]
  | ['publish' | 'unpublish', string, ...string[]]
  | ['connect' | 'disconnect', string, string]

/** Lets another process open the host, make these calls one after the other, and leave. @returns their results. */
export async function inOtherProcess(options: OpenOptions, ...calls: Call[]): Promise<unknown[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [fileURLToPath(import.meta.url), JSON.stringify({ options, calls })],
    { timeout: 20_000 },
  )
  return JSON.parse(stdout) as unknown[]
}

async function answer(slipway: Slipway, call: Call): Promise<unknown> {
  if (call[0] === 'create') return (await slipway.sandboxes.create({ ...call[2], name: call[1] })).id
  const [method, name = '', ...publish] = call
  if (method === 'list') return (await slipway.sandboxes.list()).map((sandbox) => sandbox.name)
  const sandbox = await slipway.sandboxes.get(name)
  if (method === 'ports') return sandbox.ports
  if (method === 'publish' || method === 'unpublish') return (await sandbox[method](...publish)) ?? null
  if (method === 'connect' || method === 'disconnect') return (await sandbox[method](publish[0] ?? '')) ?? null
  return (await sandbox[method]()) ?? null
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { options, calls } = JSON.parse(process.argv[2] ?? '') as { options: OpenOptions; calls: Call[] }
  await using slipway = await Slipway.open(options)
  const results: unknown[] = []
  for (const call of calls) results.push(await answer(slipway, call))
  console.log(JSON.stringify(results))
}
