import type { KernelRefusal, SlipwayErrorCode } from './errors.js'

/** What has gone wrong with the kernel itself, whatever it was asked for: which limit that is, and how to raise it. */

/** What is left of a call that was refused. */
const outcome = ({ notUndone = [] }: KernelRefusal): string =>
  notUndone.length > 0 ? 'what could not be taken back is in notUndone' : 'nothing of the call is left'

const FILES =
  'This process has as many files open as it may (EMFILE; /proc/PID/limits tells how many). Raise its limit (ulimit -n), or close what it does not need.'
const ALL_FILES =
  'The processes of this host have as many files open as they may (ENFILE). Raise fs.file-max, or end some.'
const NO_MORE_WATCHES =
  'This user watches as many files as it may (ENOSPC). Raise fs.inotify.max_user_watches, or end what watches them.'
const NO_MORE_WATCHERS =
  'This user has as many inotify instances as it may, or this process as many files open (EMFILE). Raise fs.inotify.max_user_instances and its limit (ulimit -n), or end what watches files.'
const NO_MORE_NAMESPACES =
  'The kernel makes no more network namespaces for this user (ENOSPC). Raise user.max_net_namespaces, or remove sandboxes.'
const NO_MORE_MOUNTS =
  'This mount namespace has as many mounts as it may (ENOSPC), and each sandbox is one. Raise fs.mount-max, or remove sandboxes.'
const NO_MORE_PROCESSES =
  'The kernel starts no more processes for this user or its control group (EAGAIN). Raise their limits (ulimit -u, TasksMax, pids.max), or end some.'

/** @returns The code and the sentence of an error, where it is trouble of this kind. */
export function explainTrouble(refusal: KernelRefusal): [SlipwayErrorCode, string] | undefined {
  const { errnoName, syscall, operation } = refusal
  // Of the library's own memory, kernel/refusal.ts tells.
  if (syscall === 'malloc') return undefined
  switch (errnoName) {
    case 'ENOSPC':
      if (syscall === 'unshare') return ['EXHAUSTED', NO_MORE_NAMESPACES]
      if (syscall === 'watch') return ['EXHAUSTED', NO_MORE_WATCHES]
      return syscall === 'mount' ? ['EXHAUSTED', NO_MORE_MOUNTS] : undefined
    case 'EMFILE':
      return syscall === 'watch' ? ['EXHAUSTED', NO_MORE_WATCHERS] : ['KERNEL', FILES]
    case 'ENFILE':
      return ['KERNEL', ALL_FILES]
    case 'ENOBUFS':
      if (syscall === 'recvmsg')
        return [
          'KERNEL',
          `The kernel's answer to "${operation}" was lost, as there was no room for it (ENOBUFS): ${outcome(refusal)}. Try again; if that does not help, raise net.core.rmem_max.`,
        ]
      return ['EXHAUSTED', noMemory(refusal)]
    case 'ENOMEM':
      return ['EXHAUSTED', noMemory(refusal)]
    case 'ETIMEDOUT':
      if (syscall !== 'recvmsg') return undefined
      return [
        'KERNEL',
        `The kernel did not answer "${operation}" within a second (ETIMEDOUT): ${outcome(refusal)}. Try again; dmesg may say more.`,
      ]
    case 'EINTR':
      if (syscall !== 'recvmsg') return undefined
      return [
        'KERNEL',
        `What "${operation}" reads was changed each time while it was read (EINTR). Try again; ip monitor and nft monitor show what changes it.`,
      ]
    case 'ERESTART':
      return [
        'KERNEL',
        `Other programs changed nf_tables each time that "${operation}" was tried (ERESTART): ${outcome(refusal)}. Try again; nft monitor shows what they do.`,
      ]
    case 'EMSGSIZE':
      return [
        'EXHAUSTED',
        `"${operation}" is part of more than the kernel takes at once (EMSGSIZE): ${outcome(refusal)}. Ask for less at a time, or raise net.core.wmem_max.`,
      ]
    case 'EAGAIN':
      if (syscall.startsWith('spawn')) return ['EXHAUSTED', NO_MORE_PROCESSES]
      return ['KERNEL', `The kernel cannot do "${operation}" now (EAGAIN): ${outcome(refusal)}. Try again.`]
    default:
      return undefined
  }
}

const noMemory = (refusal: KernelRefusal): string =>
  `The kernel has no memory for "${refusal.operation}" (${refusal.errnoName}): ${outcome(refusal)}. Free some, or raise the limit of this process's control group (memory.max, MemoryMax), and try again.`
