import {
  fstatSync,
  mkdirSync,
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  type Stats,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { runInThisContext, Script } from 'node:vm'

type Run = (...given: unknown[]) => void

/**
 * Loads files of the package with what V8 has compiled of them before: of a start, compiling takes half. Each is a
 * function already, and ASCII, as scripts/setup/bundle.mjs writes them: to copy half a megabyte once more would take as
 * long as to run it.
 *
 * What was compiled lies beside the files, in a folder for each build and each Node.js. A file there is code, and is
 * believed as the package's own files are: when it is their owner's, and nobody else can write it. It is written by
 * that owner alone. Where this cannot be, all is compiled anew, and works.
 */
export class CodeCache {
  readonly #folder: string
  readonly #owner: number
  readonly #scripts = new Map<string, Script>()
  readonly #modules = new Map<string, { exports: unknown }>()
  readonly #require: NodeJS.Require

  /** @param stamp - Of the build: another's code is not this one's. */
  constructor(folder: string, stamp: string, require: NodeJS.Require) {
    this.#folder = join(folder, 'cache', `${stamp}-${process.version}-${process.arch}`)
    this.#owner = statSync(folder).uid
    this.#require = require
  }

  /** As require() does. What is outside of these files is left to that. */
  load(file: string): unknown {
    const loaded = this.#modules.get(file)
    if (loaded) return loaded.exports
    // Another of this kind may have loaded it.
    const known = this.#require.cache[file]
    if (known) return known.exports
    const module = { exports: {}, id: file, filename: file, loaded: true, children: [], paths: [] }
    this.#modules.set(file, module)
    this.#require.cache[file] = module as unknown as NodeJS.Module
    const folder = dirname(file)
    const own = Object.assign(
      (name: string): unknown => (name.startsWith('.') ? this.load(join(folder, name)) : this.#require(name)),
      this.#require,
    )
    const run = (isMainContext() ? this.#compile(file).runInThisContext() : evaluate(file)) as Run
    try {
      run(module.exports, own, module, file, folder)
    } catch (error) {
      this.#modules.delete(file)
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
      delete this.#require.cache[file]
      throw error
    }
    return module.exports
  }

  #compile(file: string): Script {
    const cachedData = this.#read(file)
    const script = new Script(readFileSync(file, 'latin1'), {
      filename: file,
      ...(cachedData ? { cachedData } : {}),
    })
    this.#scripts.set(file, script)
    return script
  }

  #read(file: string): Buffer | undefined {
    let descriptor: number | undefined
    try {
      descriptor = openSync(this.#place(file), 'r')
      return this.#isOwn(fstatSync(descriptor)) && this.#isOwn(statSync(this.#folder))
        ? readFileSync(descriptor)
        : undefined
    } catch {
      return undefined
    } finally {
      if (descriptor !== undefined) closeSync(descriptor)
    }
  }

  readonly #isOwn = ({ uid, mode }: Stats): boolean => uid === this.#owner && (mode & 0o022) === 0

  /**
   * Keeps what has been compiled by now, when it is the first time that this was done: each command has functions of
   * its own.
   */
  keep(doing: string): void {
    if (process.geteuid?.() !== this.#owner) return
    const mark = join(this.#folder, `did-${doing}`)
    try {
      statSync(mark)
      return
    } catch {
      // Not yet.
    }
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o755 })
      if (!this.#isOwn(statSync(dirname(this.#folder))) || !this.#isOwn(statSync(this.#folder))) return
      for (const [file, script] of this.#scripts) this.#write(this.#place(file), script.createCachedData())
      this.#write(mark, '')
    } catch {
      // A package that is read-only, or a disk that is full: the next start takes as long as this one.
    }
  }

  #place(file: string): string {
    return join(this.#folder, file.slice(file.lastIndexOf('/') + 1))
  }

  /** Another process reads all of it or none. */
  #write(path: string, data: string | Buffer): void {
    const own = `${path}.${process.pid}`
    writeFileSync(own, data, { flag: 'wx', mode: 0o644 })
    renameSync(own, path)
  }
}

/** A test runner (Jest) may have its tests in contexts of their own, with an Array and an Error of their own. */
const isMainContext = (): boolean => runInThisContext('Object') === Object

// eslint-disable-next-line no-eval
const evaluate = (file: string): unknown => (0, eval)(readFileSync(file, 'latin1'))
