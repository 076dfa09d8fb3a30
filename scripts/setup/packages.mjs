// Why: the one list of what this repository needs from the system, and for what. Only this repository's own
// npm scripts read it: who installs the npm package never has apt run behind their back.
import { accessSync, constants } from 'node:fs'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { run, step, SetupError } from './say.mjs'

// Each: Debian's package, how to see that it is there (a command, or a pkg-config module; else dpkg knows), why.
const toBuild = [
  { package: 'g++', command: 'g++', why: 'compiles the addon' },
  { package: 'make', command: 'make', why: 'node-gyp drives it' },
  { package: 'python3', command: 'python3', why: 'node-gyp is written in it' },
  { package: 'pkg-config', command: 'pkg-config', why: 'finds the two libraries' },
  { package: 'libmnl-dev', module: 'libmnl', why: 'netlink messages and sockets' },
  { package: 'libnftnl-dev', module: 'libnftnl', why: 'nf_tables messages' },
]
const toStart = [
  { package: 'util-linux', command: 'unshare', why: "namespaces of our own, so that the machine's are left alone" },
  { package: 'iproute2', command: 'ip', why: 'shows from outside what was made' },
  { package: 'curl', command: 'curl', why: 'the HTTP client that reaches a published port' },
]
const toContain = [
  { package: 'crun', command: 'crun', why: 'runs real containers in sandboxes' },
  { package: 'busybox-static', command: 'busybox', why: 'all that is in them' },
]
const toBench = [{ package: 'nftables', command: 'nft', why: 'the exec arm of the benchmark, and the oracle' }]
const toTest = [
  { package: 'util-linux', command: 'nsenter', why: 'commands inside a sandbox' },
  { package: 'procps', command: 'sysctl', why: 'sysctl as a person types it, ps, pgrep' },
  { package: 'tcpdump', command: 'tcpdump', why: 'sees the packets that must not be there' },
  { package: 'strace', command: 'strace', why: 'shows that no process is executed; captures golden bytes' },
  { package: 'conntrack', command: 'conntrack', why: 'what connection tracking still holds' },
  { package: 'socat', command: 'socat', why: 'UDP and raw clients and servers' },
  { package: 'netcat-openbsd', command: 'nc', why: 'TCP probes with a chosen source' },
  { package: 'bind9-dnsutils', command: 'dig', why: 'asks for names and shows every bit of the answer' },
  { package: 'dnsmasq-base', command: 'dnsmasq', why: "the nameserver that a network's resolver asks" },
  { package: 'iputils-ping', command: 'ping', why: 'ICMP, which routed networks let in' },
  { package: 'iperf3', command: 'iperf3', why: 'throughput through a published port' },
  { package: 'openssl', command: 'openssl', why: 'certificates of a server and its clients' },
  { package: 'iptables', command: 'iptables-legacy', why: 'the older half of the firewalls that doctor reads' },
]
const toTestLong = [
  { package: 'zsh', command: 'zsh', why: 'completes what is typed' },
  { package: 'fish', command: 'fish', why: 'completes what is typed' },
]
const toDevelop = [
  { package: 'cmake', command: 'cmake', why: "developers' builds of the addon (native/CMakeLists.txt)" },
]

const toCheck = [{ package: 'clang-format', command: 'clang-format', why: 'lays out C++' }]
const toTidy = [{ package: 'clang-tidy', command: 'clang-tidy', why: 'a linter for C++' }]

const toFuzz = [
  { package: 'clang', command: 'clang++', why: 'compiles with sanitizers' },
  { package: 'libclang-rt-dev', why: 'libFuzzer, ASan and UBSan' },
]

const toCompare = [
  { package: 'iptables', command: 'iptables', why: 'dockerd filters and translates by it' },
  { package: 'runc', command: 'runc', why: 'containers of dockerd' },
  { package: 'busybox-static', command: 'busybox', why: 'all that is in them' },
]

const toMeasurePeers = [{ package: 'iperf3', command: 'iperf3', why: 'throughput through a published port' }]

const toStartGuest = [
  { package: 'qemu-system-x86', command: 'qemu-system-x86_64', why: 'the machine that another kernel runs on' },
  { package: 'kmod', command: 'modprobe', why: "loads that kernel's modules" },
  { package: 'xz-utils', command: 'xz', why: 'uncompresses them' },
  { package: 'busybox-static', command: 'busybox', why: 'all that runs there until the file system is in place' },
]

const needsOf = {
  build: [...toBuild],
  start: [...toBuild, ...toStart],
  contain: [...toBuild, ...toStart, ...toContain],
  bench: [...toBuild, ...toStart, ...toBench],
  peers: [...toBuild, ...toStart, ...toBench, ...toCompare, ...toMeasurePeers],
  test: [...toBuild, ...toStart, ...toContain, ...toBench, ...toTest, ...toCheck],
  long: [...toBuild, ...toStart, ...toContain, ...toBench, ...toTest, ...toTestLong, ...toCompare, ...toCheck],
  guest: [...toBuild, ...toStart, ...toContain, ...toBench, ...toTest, ...toStartGuest],
  compare: [...toBuild, ...toStart, ...toCompare],
  fuzz: [...toBuild, ...toStart, ...toContain, ...toBench, ...toTest, ...toDevelop, ...toFuzz],
  check: [...toCheck],
  tidy: [...toBuild, ...toCheck, ...toTidy],
  dev: [...toBuild, ...toStart, ...toContain, ...toBench, ...toTest, ...toDevelop],
}

export const purposes = Object.keys(needsOf)

// Installs what is missing when that is allowed (root, apt-get), else says what to type.
export function ensurePackages(purpose) {
  const missing = missingFor(purpose)
  if (missing.length === 0) return
  const packages = [...new Set(missing.map((need) => need.package))]
  const install = ['install', '-y', '--no-install-recommends', ...packages]
  if (process.getuid() !== 0 || !isCommand('apt-get')) {
    throw new SetupError(
      `Missing: ${missing.map((need) => `${nameOf(need)} (${need.why})`).join('; ')}. ` +
        (isCommand('apt-get')
          ? `Type: sudo apt-get install ${packages.join(' ')}`
          : `Install what your distribution calls these Debian packages: ${packages.join(' ')}`),
    )
  }
  step(`installing Debian packages: ${packages.join(' ')}`, () => {
    // Package lists that exist may do, and fetching them is the slow part.
    if (!aptGet(install)) {
      run('apt-get', ['-q', 'update'], { sentence: 'The list of Debian packages could not be fetched.' })
      run('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...install], {
        env: noninteractive,
        sentence: 'Debian packages could not be installed.',
      })
    }
  })
  const still = missingFor(purpose)
  if (still.length > 0) {
    throw new SetupError(`Still missing after apt-get ${install.join(' ')}: ${still.map(nameOf).join(' ')}.`)
  }
}

const nameOf = (need) => need.module ?? need.command ?? need.package

const noninteractive = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }

function aptGet(args) {
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=120']
  return spawnSync('apt-get', [...options, ...args], { stdio: 'ignore', env: noninteractive }).status === 0
}

function missingFor(purpose) {
  const needs = needsOf[purpose]
  const modules = needs.flatMap((need) => need.module ?? [])
  const haveModules =
    modules.length === 0 || spawnSync('pkg-config', ['--exists', ...modules], { stdio: 'ignore' }).status === 0
  return needs.filter((need) =>
    need.command
      ? !isCommand(need.command)
      : !need.module
        ? !isInstalled(need.package)
        : !haveModules && spawnSync('pkg-config', ['--exists', need.module], { stdio: 'ignore' }).status !== 0,
  )
}

const isInstalled = (name) =>
  spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { encoding: 'utf8' }).stdout === 'installed'

function isCommand(name) {
  // The sbin folders are where these tools are, and not on everybody's PATH.
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/sbin']
    // node_modules/.bin has an `nft` of its own that is another program.
    .filter((folder) => folder !== '' && !folder.includes('node_modules'))
  return folders.some((folder) => {
    try {
      accessSync(path.join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
