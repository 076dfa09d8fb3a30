import type { Protocol } from '../base/protocol.js'

/** Operations on what is the host's: sysctls, files, ports, connections. */

export interface SysctlWrite {
  op: 'sysctl.write'
  netns?: string
  /** `net.ipv4.ip_forward`, or with slashes where a part holds a dot. */
  key: string
  value: string
}

/** Refused with EEXIST when the path is taken: the path is a claim. */
export interface FileCreate {
  op: 'file.create'
  path: string
  content: string
  /**
   * Name of the spare namespace whose file it becomes, if that has one still: it saves opening one. Such a file is
   * marked from the start.
   */
  from?: string | undefined
}

/** Refused with ESTALE when the file does not hold `expected`. */
export interface FileReplace {
  op: 'file.replace'
  path: string
  content: string
  expected: string
}

/** Refused with ESTALE when the file does not hold `expected`, with ENOENT when there is none. */
export interface FileCheck {
  op: 'file.check'
  path: string
  expected: string
}

/**
 * Marks a file: what it tells of has been made to its end. `file.replace` keeps the mark. Nothing where there is no
 * file.
 */
export interface FileMark {
  op: 'file.mark'
  path: string
}

export interface FileDelete {
  op: 'file.delete'
  path: string
}

/** A port of a host address; `0.0.0.0` and `::` are every address of their family. */
interface HostPort {
  protocol: Protocol
  address: string
  port: number
}

/**
 * Keeps a host port from other processes: refused with EADDRINUSE when one has it. It is held until `port.release` or
 * until the executor is closed; a plan that is refused gives it back. Where the kernel lacks the protocol (SCTP is a
 * module), and past half of the descriptors that this process may have, a free port is not held.
 */
export interface PortHold extends HostPort {
  op: 'port.hold'
  /** A port that cannot be had is passed over. */
  optional?: boolean
  /** Name of the spare namespace whose socket it takes, if that has one still and it is the kind. */
  from?: string | undefined
}

/** Gives a held host port back, once the plan has succeeded. Nothing when it is not held by this executor. */
export interface PortRelease extends HostPort {
  op: 'port.release'
}

/** A port of TCP that has led to a sandbox. */
export interface ForwardedPort {
  address: string
  port: number
  /** 0 for a whole host address, every port of which has led there. */
  hostPort: number
}

/**
 * Forgets connections, with one walk: before their addresses are another sandbox's, and once a port leads to them no
 * more.
 */
export interface ConntrackFlush {
  op: 'conntrack.flush'
  /** Those that have one of these at either end. */
  addresses: readonly string[]
  /** Those that have come by these. */
  ports?: readonly ForwardedPort[]
}
