// Why: some tests need what the kernel of this machine may lack: ipvlan, VLANs, dummy links, or a kernel of another
// age. They run in a guest, a machine that qemu emulates: a kernel of Debian's with its modules, and this machine's own
// programs, files and build, which the guest reads and cannot change. It needs no KVM, and no root once it is set up.
//
//   node scripts/guest.mjs [ava's arguments]     runs test/guest, or the compiled tests that are named
//   node scripts/guest.mjs --shell               a shell in the guest
//
// Before ava's arguments: --kernel RELEASE, whose kernel it is, and --minutes N, how long the guest may run.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { readArguments, writeJob } from './guest/job.mjs'
import { guestParts } from './setup/guest.mjs'
import { fail, say, SetupError } from './setup/say.mjs'
import { inRoot } from './setup/tree.mjs'

// A guest that has not said a word by then hangs. It takes twelve seconds on a machine that does nothing else.
const MINUTES_TO_START = 3

try {
  const { release, minutes, shell, tests } = readArguments(process.argv.slice(2))
  if (spawnSync(process.execPath, [inRoot('scripts/setup.mjs'), 'guest', release], { stdio: 'inherit' }).status !== 0)
    process.exit(1)

  const parts = guestParts(release)
  // What the guest is to do, how that went, and what its kernel said. A folder for each run: several may go on.
  const folder = mkdtempSync(inRoot('build-guest/run-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  writeJob(folder, { modules: parts.modules, shell, tests })

  const began = performance.now()
  const ended = await runGuest(parts, folder, { minutes, shell })
  process.exitCode = report(folder, ended, shell)
  if (!shell) say(`the guest (Linux ${parts.version}) ran for ${((performance.now() - began) / 1000).toFixed(0)} s`)
} catch (error) {
  fail(error)
}

// Resolves, once the guest has ended, to why it was ended; to nothing if it did that by itself.
function runGuest(parts, folder, { minutes, shell }) {
  // What a guest writes to its port waits while qemu's own input is at an end: a pipe stays open.
  const stdio = shell ? 'inherit' : ['pipe', 'pipe', 'inherit']
  const qemu = spawn('qemu-system-x86_64', machine(parts, folder, shell), { stdio })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => qemu.kill())

  return new Promise((resolve, reject) => {
    let why
    const endAfter = (most, sentence) =>
      setTimeout(() => {
        why = sentence
        qemu.kill('SIGKILL')
      }, most * 60_000)
    const timers = shell
      ? []
      : [
          endAfter(minutes, `It was ended after ${minutes} minutes (--minutes says how many it may take).`),
          endAfter(MINUTES_TO_START, `It was ended, as it had not started after ${MINUTES_TO_START} minutes.`),
        ]
    qemu.stdout?.on('data', (text) => {
      clearTimeout(timers[1])
      process.stdout.write(text)
    })
    qemu.on('error', (error) => reject(new SetupError(`The guest could not be started: ${error.message}`)))
    qemu.on('close', () => {
      timers.forEach(clearTimeout)
      resolve(why)
    })
  })
}

// What the guest is made of, as arguments of qemu: no disk and no network card, but two folders, a console for its
// kernel, and a port for the tests or a terminal for the shell.
function machine({ image, initramfs }, folder, shell) {
  return [
    ...'-machine q35,accel=tcg -cpu max -smp 2 -m 4096 -nodefaults -display none -no-reboot'.split(' '),
    ...['-kernel', image, '-initrd', initramfs, '-append', 'console=ttyS0 quiet panic=-1 oops=panic'],
    ...['-serial', `file:${path.join(folder, 'console')}`],
    ...share('machine', '/', ',readonly=on'),
    ...share('guest', folder),
    ...['-chardev', 'stdio,id=output,signal=off', '-device', 'virtio-serial-pci'],
    ...['-device', `${shell ? 'virtconsole' : 'virtserialport'},chardev=output`],
  ]
}

// A folder of this machine that the guest sees. remap: several file systems may number their files alike.
function share(name, folder, more = '') {
  const options = `path=${folder.replaceAll(',', ',,')},security_model=none,multidevs=remap${more}`
  return ['-fsdev', `local,id=${name},${options}`, '-device', `virtio-9p-pci,fsdev=${name},mount_tag=${name}`]
}

// Says what went wrong with the guest itself. Returns the status of the tests.
function report(folder, why, shell) {
  const read = (name) => (existsSync(path.join(folder, name)) ? readFileSync(path.join(folder, name), 'utf8') : '')
  const lines = read('console')
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '')
  const status = read('status').trim()
  if (status === '' || why) {
    console.log(
      `\nThe guest did not say how its work ended. ${why ?? ''}\nThe last lines of its console:\n\n${lines.slice(-40).join('\n')}`,
    )
    if (!shell) console.log('\n0 passed, 1 failed')
    return 1
  }
  const said = lines.filter((line) => /^guest: |\b(BUG|WARNING|Oops)\b/.test(line))
  if (said.length > 0) say(`what the guest's console says:\n${said.join('\n')}`)
  return Number(status)
}
