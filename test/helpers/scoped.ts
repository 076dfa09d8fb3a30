import type { ExecutionContext } from 'ava'

/** Does a part of a test whose teardowns run when that part ends: of hundreds of hosts, one is there at a time. */
export async function scoped<T>(t: ExecutionContext, work: (t: ExecutionContext) => Promise<T>): Promise<T> {
  const teardowns: (() => unknown)[] = []
  const own = new Proxy(t, {
    get: (of, key) =>
      key === 'teardown' ? (end: () => unknown) => void teardowns.unshift(end) : (Reflect.get(of, key, of) as unknown),
  })
  try {
    return await work(own)
  } finally {
    for (const end of teardowns) await end()
  }
}
