import { nameOfErrno } from '../base/errno-name.js'
import { SlipwayError, type KernelRefusal } from '../base/errors.js'
import { inWords } from '../base/shortage.js'
import { explainTrouble } from '../base/trouble.js'
import type { Operation, Plan } from '../plan/operation.js'
import { nameOperation } from '../plan/print.js'
import type { NativeFailure, PlanFailure } from './native.js'

/** A plan that the kernel refused. Undone already; `explainRefusal` turns it into the error that a caller gets. */
export class PlanRefused extends Error {
  // Not shown with the error: records are in it, with all that they say.
  declare readonly plan: Plan
  declare readonly operation: Operation
  readonly element: number
  readonly errnoName: string
  readonly refusal: KernelRefusal

  constructor(plan: Plan, failure: PlanFailure) {
    const operation = plan[failure.operation]
    if (!operation) throw new RangeError(`a refusal of operation ${failure.operation} of ${plan.length}`)
    const refusal = describeFailure(failure, nameOperation(operation))
    super(`${refusal.operation}: ${refusal.errnoName}`)
    Object.defineProperty(this, 'plan', { value: plan })
    Object.defineProperty(this, 'operation', { value: operation })
    this.element = failure.element
    this.errnoName = refusal.errnoName
    this.refusal = {
      ...refusal,
      notUndone: failure.notUndone.map((left) => {
        const undone = plan[left.operation]
        return { operation: undone ? nameOperation(undone) : '', errnoName: nameOfErrno(left.errno) }
      }),
    }
  }
}

/** The kernel's own words in parentheses, or nothing. */
export const kernelWords = (refusal: KernelRefusal): string =>
  refusal.kernelMessage ? ` (${refusal.kernelMessage})` : ''

export const isForbidden = ({ errnoName }: KernelRefusal): boolean => errnoName === 'EPERM' || errnoName === 'EACCES'

export const explainForbidden = (refusal: KernelRefusal): string =>
  `The kernel does not permit "${refusal.operation}"${kernelWords(refusal)}. Slipway needs CAP_NET_ADMIN and CAP_SYS_ADMIN in the user namespace that owns the network namespace.`

/** Whether a link has no IPv6 as a setting says so: nothing else is refused like that. */
export const isIpv6Off = ({ operation, errnoName }: Pick<PlanRefused, 'operation' | 'errnoName'>): boolean =>
  operation.op === 'address.add' && operation.address.includes(':') && errnoName === 'EACCES'

/**
 * What native/base/guard.h calls the standard library, where that has no memory for what was asked, or it is too much
 * to ask for.
 */
export const isTooMuch = ({ syscall }: KernelRefusal): boolean => syscall === 'malloc'

export const explainTooMuch = (refusal: KernelRefusal): string =>
  refusal.errnoName === 'E2BIG'
    ? `"${refusal.operation}" is part of more than one call can do: it was refused before anything was done. Ask for less at a time.`
    : `This process has no memory for "${refusal.operation}": nothing of the call is left. Raise its limit (ulimit -v, MemoryMax), or ask for less at a time.`

export const NO_NF_TABLES =
  'This kernel has no nf_tables. Load it (modprobe nf_tables), or run a kernel with CONFIG_NF_TABLES, Linux 5.10 or later.'

/** @param operation - As a person would have typed it. */
export function describeFailure(failure: NativeFailure, operation: string): KernelRefusal {
  return {
    errno: failure.errno,
    errnoName: nameOfErrno(failure.errno),
    syscall: failure.syscall,
    operation,
    ...(failure.message ? { kernelMessage: failure.message } : {}),
    ...(failure.offset ? { offset: failure.offset } : {}),
  }
}

/** What a call of the addon or of Node.js throws, as callers get it; anything else as it is. */
export function thrownInWords(error: unknown): unknown {
  const { failure } = (error ?? {}) as { failure?: NativeFailure }
  if (!(error instanceof Error) || failure === undefined) return inWords(error)
  const refusal = describeFailure(failure, error.message)
  const [code, message] = explainTrouble(refusal) ?? [
    'KERNEL',
    `${error.message}: ${failure.syscall} ${refusal.errnoName}.`,
  ]
  return new SlipwayError(code, message, refusal, { cause: error })
}
