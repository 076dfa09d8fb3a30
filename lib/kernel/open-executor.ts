import { show, SlipwayError, type KernelRefusal, type SlipwayErrorCode } from '../base/errors.js'
import { leadsNowhere, mayNotRead } from '../base/shortage.js'
import { explainTrouble } from '../base/trouble.js'
import { Executor, type NativeExecutor, type NativeFailure } from './native.js'
import { describeFailure, explainForbidden, isForbidden, isTooMuch, NO_NF_TABLES, explainTooMuch } from './refusal.js'

/** @param host - What the executor is opened on: the namespace, or another executor. */
export function openExecutor(netns: string | undefined, host: string | NativeExecutor | undefined): NativeExecutor {
  try {
    return new Executor(host)
  } catch (error) {
    const failure = (error as { failure?: NativeFailure }).failure
    if (!failure) throw error
    const refusal = describeFailure(failure, `open ${netns ?? 'the network namespace of this process'}`)
    const [code, message] = explainOpen(netns, refusal)
    throw new SlipwayError(code, message, refusal, { cause: error })
  }
}

function explainOpen(netns: string | undefined, refusal: KernelRefusal): [SlipwayErrorCode, string] {
  if (refusal.errnoName === 'ENOENT')
    return ['NOT_FOUND', `There is no network namespace ${netns}. Make it first (ip netns add), or leave netns out.`]
  if (refusal.syscall === 'ioctl')
    return [
      'INVALID_ARGUMENT',
      `netns ${netns} is no network namespace. Those of ip netns lie in /run/netns, that of a process is /proc/PID/ns/net.`,
    ]
  if (netns !== undefined && leadsNowhere(refusal.errnoName))
    return [
      'INVALID_ARGUMENT',
      `netns ${show(netns)} leads nowhere (${refusal.errnoName}). Those of ip netns lie in /run/netns, that of a process is /proc/PID/ns/net.`,
    ]
  if (netns !== undefined && refusal.errnoName === 'EACCES') return ['PERMISSION', mayNotRead(refusal.errnoName, netns)]
  if (isForbidden(refusal)) return ['PERMISSION', explainForbidden(refusal)]
  if (isTooMuch(refusal)) return ['EXHAUSTED', explainTooMuch(refusal)]
  if (refusal.syscall === 'socket' && refusal.errnoName === 'EPROTONOSUPPORT') return ['UNSUPPORTED', NO_NF_TABLES]
  if (refusal.syscall === 'pthread_create')
    return [
      'EXHAUSTED',
      'The kernel gives this process no more threads, and an open host has three. Raise its limits (ulimit -u, TasksMax, pids.max), or close hosts that are not needed.',
    ]
  return explainTrouble(refusal) ?? ['KERNEL', `The kernel refused to ${refusal.operation}: ${refusal.errnoName}.`]
}
