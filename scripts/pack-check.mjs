// Why: what counts is the package as a consumer gets it. This packs it, has its types and exports judged, installs
// it in an empty folder on what looks like a consumer's machine, runs it there, and tries the ways to fail.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import os from 'node:os'
import path from 'node:path'
import { fail, run, say, SetupError, step } from './setup/say.mjs'
import { inRoot, root } from './setup/tree.mjs'
import { tryConsumers } from './pack-check/consumers.mjs'

const temporary = mkdtempSync(path.join(os.tmpdir(), 'slipway-pack-'))
const consumer = path.join(temporary, 'consumer')
const installed = path.join(consumer, 'node_modules/slipway')
const bare = [inRoot('scripts/pack-check/without-build-tools.sh'), path.join(temporary, 'bin')]

try {
  if (spawnSync(process.execPath, [inRoot('scripts/prebuild.mjs')], { stdio: 'inherit' }).status !== 0) process.exit(1)

  // `npm publish` does it; an install from git is not to need it.
  if (spawnSync(process.execPath, [inRoot('scripts/api-docs.mjs')], { stdio: 'inherit' }).status !== 0) process.exit(1)

  const tarball = step('packing', () => {
    const { stdout } = run('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', temporary], {
      cwd: root,
    })
    // npm 12 and newer name the package first.
    const parsed = JSON.parse(stdout.slice(stdout.search(/^[[{]/m)))
    const [packed] = Array.isArray(parsed) ? parsed : Object.values(parsed)
    say(`  ${packed.filename}: ${packed.entryCount} files, ${Math.round(packed.size / 1024)} KiB`)
    return path.join(temporary, packed.filename)
  })

  step('publint and attw', () => {
    run(inRoot('node_modules/.bin/publint'), ['run', tarball, '--strict'], {
      cwd: root,
      sentence: 'publint found faults.',
    })
    run(inRoot('node_modules/.bin/attw'), [tarball, '--profile', 'esm-only'], {
      cwd: root,
      sentence: 'attw found faults.',
    })
  })

  step('installing without compiler, headers and libraries', () => {
    mkdirSync(consumer)
    writeFileSync(path.join(consumer, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n')
    inConsumer(
      [...bare, 'npm', 'install', '--loglevel=error', tarball],
      'The package did not install without a compiler.',
    )
  })

  step('running it there', () => {
    copyFileSync(inRoot('scripts/pack-check/consumer.mjs'), path.join(consumer, 'main.js'))
    const ownNamespaces = inRoot('scripts/in-own-namespaces.sh')
    const { stdout } = inConsumer([ownNamespaces, ...bare, 'node', 'main.js'], 'The installed package did not run.')
    for (const line of stdout.trim().split('\n')) say(`  ${line}`)
    const prebuilds = path.join(installed, `prebuilds/linux-${process.arch}/`)
    for (const name of ['slipway.glibc.node', 'libmnl.so.0', 'libnftnl.so.11']) {
      if (!stdout.includes(prebuilds + name)) throw new SetupError(`${name} was not loaded from the package.`)
    }
    inConsumer(
      [...bare, 'node', path.join(installed, 'dist/cli/main.js'), '--version'],
      'The command slipway did not run.',
    )
    const plugin = inConsumer(
      [...bare, 'node', path.join(installed, 'dist/cli/main.js'), 'cni', '--program'],
      'The package has no plugin of CNI.',
    ).stdout.trim()
    if (plugin !== path.join(prebuilds, 'slipway-cni')) throw new SetupError(`The plugin of CNI is ${plugin}.`)
    const { stdout: versions } = run(plugin, [], {
      env: { CNI_COMMAND: 'VERSION' },
      sentence: 'slipway-cni did not run.',
    })
    if (!versions.includes('"1.1.0"')) throw new SetupError(`slipway-cni printed ${versions}`)
  })

  step('no prebuilt addon and no compiler: one clear sentence', () => {
    rmSync(path.join(installed, 'prebuilds'), { recursive: true })
    const { status, stderr } = spawnSync(bare[0], [...bare.slice(1), 'node', 'native/install.cjs'], {
      cwd: installed,
      encoding: 'utf8',
    })
    if (status !== 1 || !/^slipway: no prebuilt addon .* type: sudo apt-get install .*\n$/.test(stderr)) {
      throw new SetupError(`Expected a refusal in one sentence, not status ${status} and:\n${stderr}`)
    }
    say(`  ${stderr.trim()}`)
  })

  step('no prebuilt addon but a compiler: compiled at install', () => {
    inConsumer(['npm', 'rebuild', '--loglevel=error', 'slipway'], 'The package did not compile at install.')
    inConsumer(
      [inRoot('scripts/in-own-namespaces.sh'), 'node', 'main.js'],
      'The package compiled at install did not run.',
    )
    const { stdout } = inConsumer(
      ['node', path.join(installed, 'dist/cli/main.js'), 'cni', '--program'],
      'The package compiled at install has no plugin of CNI.',
    )
    if (stdout.trim() !== path.join(installed, 'build/Release/slipway-cni'))
      throw new SetupError(`The plugin of CNI that was compiled at install is ${stdout.trim()}.`)
  })
  tryConsumers(tarball, temporary)
  say('the package is fine')
} catch (error) {
  clean()
  fail(error)
}
clean()

function clean() {
  rmSync(temporary, { recursive: true, force: true })
}

function inConsumer([command, ...args], sentence) {
  return run(command, args, { cwd: consumer, sentence })
}
