import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Slipway } from 'slipway'

let slipway: Slipway
beforeAll(async () => {
  slipway = await Slipway.open()
})
afterAll(async () => {
  await slipway.close()
})

test('a published port leads to the sandbox', async () => {
  const app = await slipway.sandboxes.create({ publish: ['8080:80'] })
  expect(app.ports[0]).toMatchObject({ hostPort: 8080, containerPort: 80 })
  await app.remove()
})

test('fake timers do not stop it', async () => {
  vi.useFakeTimers()
  try {
    const app = await slipway.sandboxes.create({ name: 'app' })
    await app.connect('bridge').catch((error) => expect(error.code).toBe('CONFLICT'))
    await app.remove()
  } finally {
    vi.useRealTimers()
  }
})
