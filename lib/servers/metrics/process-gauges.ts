import { readdirSync } from 'node:fs'
import { Counter, Gauge, type Registry } from 'prom-client'
import { descriptorLimit } from '../../base/descriptor-limit.js'

/**
 * What this process uses, by the names that Prometheus has for it. prom-client's own set of them measures the event
 * loop by a timer that wakes an idle process a hundred times a second.
 */
export function addProcessGauges(registry: Registry, startedAt: number): void {
  const registers: Registry[] = []
  const add = (name: string, help: string, read: () => number) =>
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read())
        },
      }),
    )
  add('process_open_fds', 'Number of open file descriptors.', () => readdirSync('/proc/self/fd').length - 1)
  add('process_max_fds', 'Maximum number of open file descriptors.', descriptorLimit)
  add('process_resident_memory_bytes', 'Resident memory size in bytes.', () => process.memoryUsage.rss())
  add('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', () => startedAt)
  add('nodejs_heap_size_used_bytes', 'Size of the JavaScript heap that is used, in bytes.', () => {
    return process.memoryUsage().heapUsed
  })
  registry.registerMetric(
    new Counter({
      name: 'process_cpu_seconds_total',
      help: 'Total user and system CPU time spent in seconds.',
      registers,
      collect() {
        const { user, system } = process.cpuUsage()
        this.reset()
        this.inc((user + system) / 1e6)
      },
    }),
  )
}
