import type { Sample } from './samples.js'
import { median, percentile } from './stats.js'
import { NAMES, newTable, titled } from './tables.js'

const milliseconds = (microseconds: number): string => (microseconds / 1000).toFixed(1)

/** What commands take, beside what Node.js takes to start. */
export function commandsTable(samples: readonly Sample[]): string {
  const table = newTable(['', 'CPU p50', 'above node', 'p90', 'elapsed p50', 'above node', 'samples'])
  for (const arm of ['ours', 'against'] as const) {
    const results = samples.filter((one) => one.measure === 'commands' && one.arm === arm).map(({ result }) => result)
    const series = (name: string) => results.flatMap((result) => result.series?.[name] ?? [])
    const names = Object.keys(results[0]?.series ?? {}).flatMap((name) => /^(.*): CPU$/.exec(name)?.[1] ?? [])
    const above = (name: string, what: string) =>
      milliseconds(median(series(`${name}: ${what}`)) - median(series(`node: ${what}`)))
    for (const name of names) {
      const cpu = series(`${name}: CPU`)
      table.push([
        `${NAMES[arm]}: ${name}`,
        milliseconds(median(cpu)),
        above(name, 'CPU'),
        milliseconds(percentile(cpu, 90)),
        milliseconds(median(series(`${name}: elapsed`))),
        above(name, 'elapsed'),
        String(cpu.length),
      ])
    }
  }
  return titled('What a command takes from its start to its end (ms; CPU time with that of what it starts)', table)
}
