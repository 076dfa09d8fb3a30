import { clock } from '../base/timers.js'

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** What a line says beside its message. */
export type LogFields = Readonly<Record<string, string | number>>

/** What a server has to say, a line each: for people, or an object of JSON for programs. */
export class Log {
  readonly #write: (line: string) => void
  readonly #json: boolean
  #level: number

  /** @param write - Takes a line with its end. */
  constructor(
    write: (line: string) => void,
    { json = false, level = 'info' }: { json?: boolean; level?: LogLevel } = {},
  ) {
    this.#write = write
    this.#json = json
    this.#level = LOG_LEVELS.indexOf(level)
  }

  error(message: string, fields?: LogFields): void {
    this.#say('error', message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    this.#say('warn', message, fields)
  }

  info(message: string, fields?: LogFields): void {
    this.#say('info', message, fields)
  }

  debug(message: string, fields?: LogFields): void {
    this.#say('debug', message, fields)
  }

  /** What is less than this is not said from now on. */
  set level(level: LogLevel) {
    this.#level = LOG_LEVELS.indexOf(level)
  }

  #say(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (LOG_LEVELS.indexOf(level) > this.#level) return
    const time = new Date(clock.time()).toISOString()
    this.#write(
      `${this.#json ? JSON.stringify({ time, level, message, ...fields }) : plain(time, level, message, fields)}\n`,
    )
  }
}

/** One line, whatever a client has put into it. */
function plain(time: string, level: string, message: string, fields: LogFields): string {
  const more = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`)
  return `${time} ${level.padEnd(5)} ${message}${more.join('')}`.replace(/[^\P{Cc}\t]/gu, ' ')
}
