import { clock } from '../../base/timers.js'
import { sendLocal } from '../../kernel/native.js'
import { describeFailure } from '../../kernel/refusal.js'

/** What systemd is told: sd_notify(3). */
export type ServiceState = 'ready' | 'reloading' | 'stopping'

/** systemd waits for the end of a reload that begins after this moment. */
const monotonic = (): string => String(Math.floor(clock.now() * 1000))

/** @returns What went wrong, where something did. Nothing does where systemd has not asked to be told. */
export function tellSystemd(state: ServiceState, status: string): string | undefined {
  const socket = process.env['NOTIFY_SOCKET'] ?? ''
  // Of other families (vsock:), only a virtual machine has one.
  if (!/^[/@]/.test(socket)) return undefined
  const words = {
    ready: ['READY=1'],
    reloading: ['RELOADING=1', `MONOTONIC_USEC=${monotonic()}`],
    stopping: ['STOPPING=1'],
  }[state]
  const failure = sendLocal(socket, [...words, `STATUS=${status}`].join('\n'))
  return (
    failure &&
    `systemd at ${socket} is not told that this service is ${state} (${describeFailure(failure, 'sd_notify').errnoName})`
  )
}
