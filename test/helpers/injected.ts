/**
 * What a program is run under, so that the kernel does something to it at some of its system calls: strace.
 *
 * @param call - `sendto`
 * @param what - As strace's `inject` has it: `signal=SIGKILL:when=3` ends it at its third such call, in place of that.
 */
export const injected = (call: string, what: string): string[] => [
  ...['strace', '-f', '-qqq', '-o', '/dev/null'],
  ...['-e', `trace=${call}`, '-e', 'signal=none', '-e', `inject=${call}:${what}`],
]
