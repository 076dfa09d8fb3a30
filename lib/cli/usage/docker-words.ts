/** What people who know docker type, and what to do instead where Slipway has no such thing. */

const MACHINE = "COMMAND sees the machine's own files, so there is nothing to mount"
const LIMITS = 'Slipway limits nothing but the network: systemd-run -p MemoryMax=1G, for example, limits a program'
const RIGHTS = 'COMMAND has your own rights: capsh and setpriv take some away'
const IMAGES = 'there are no images: what comes behind the options is a program of this machine'
const ONLY_NETWORK = 'a sandbox is a network and nothing else: unshare(1) separates more'
const OUTPUT = "COMMAND's output is this terminal's, or where you send it"
const HEALTH = 'Slipway does not look after COMMAND: a systemd unit does'

/** By flag, of `run`, `create` and `exec`. */
const FLAGS: Readonly<Record<string, string>> = {
  '-v': MACHINE,
  '--volume': MACHINE,
  '--volumes-from': MACHINE,
  '--mount': MACHINE,
  '--tmpfs': MACHINE,
  '--read-only': MACHINE,
  '-m': LIMITS,
  '--memory': LIMITS,
  '--memory-swap': LIMITS,
  '-c': LIMITS,
  '--cpus': LIMITS,
  '--cpu-shares': LIMITS,
  '--cpuset-cpus': LIMITS,
  '--pids-limit': LIMITS,
  '--ulimit': LIMITS,
  '--shm-size': LIMITS,
  '--privileged': RIGHTS,
  '--cap-add': RIGHTS,
  '--cap-drop': RIGHTS,
  '--security-opt': RIGHTS,
  '--group-add': RIGHTS,
  '--device': RIGHTS,
  '--gpus': RIGHTS,
  '--entrypoint': IMAGES,
  '--pull': IMAGES,
  '--platform': IMAGES,
  '--init': IMAGES,
  '--runtime': IMAGES,
  '-P': 'there is no image that names ports: give each, as in -p 8080:80',
  '--publish-all': 'there is no image that names ports: give each, as in -p 8080:80',
  '--expose': 'sandboxes of one network reach all ports of each other',
  '--link': 'sandboxes find each other by name on a network of yours: slipway network create web',
  '--pid': ONLY_NETWORK,
  '--ipc': ONLY_NETWORK,
  '--uts': ONLY_NETWORK,
  '--userns': ONLY_NETWORK,
  '--cgroupns': ONLY_NETWORK,
  '--cgroup-parent': ONLY_NETWORK,
  '--log-driver': OUTPUT,
  '--log-opt': OUTPUT,
  '-a': OUTPUT,
  '--attach': OUTPUT,
  '--sig-proxy': 'signals always reach COMMAND',
  '--detach-keys': 'start COMMAND with -d, where it is to go on without you',
  '--restart': HEALTH,
  '--health-cmd': HEALTH,
  '--no-healthcheck': HEALTH,
  '--stop-signal': 'COMMAND gets the signal that you send',
  '--stop-timeout': 'Slipway never kills COMMAND',
  '--sysctl': 'set it inside: slipway exec NAME -- sysctl -w KEY=VALUE',
  '--env-file': "a shell reads it: sh -c 'set -a; . ./FILE; exec COMMAND'",
  '--cidfile': 'create prints the name: name=$(slipway create)',
}

const VOLUMES = 'a sandbox has no volumes'
const SCRIPTS = 'it prints the version and nothing else'
const ONE_HOST = 'Slipway is for one host'
const NO_ROOM = 'a sandbox takes no room on a disk'
const BY_TIME = "sort says which are new: slipway ls --format '{{.CreatedAt}} {{.Name}}' | sort"
const NOT_KEPT = 'it prints what happens from now on, and what was is not kept'

const OF_ENDPOINTS: Readonly<Record<string, string>> = {
  '--link': 'sandboxes of one network find each other by name, and by the --alias that they were given there',
  '--link-local-ip': 'the kernel gives link-local addresses',
  '--driver-opt': 'what a driver does is an option of the network: slipway network create -o KEY=VALUE',
}

/** By flag, of other commands. */
const FLAGS_OF: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  rm: {
    '-v': VOLUMES,
    '--volumes': VOLUMES,
    '-l': "'slipway disconnect' takes a sandbox off a network",
    '--link': "'slipway disconnect' takes a sandbox off a network",
  },
  ls: {
    '-s': NO_ROOM,
    '--size': NO_ROOM,
    '-l': BY_TIME,
    '--latest': BY_TIME,
    '-n': BY_TIME,
    '--last': BY_TIME,
  },
  inspect: { '-s': NO_ROOM, '--size': NO_ROOM, '--type': "'slipway network inspect' is for networks" },
  events: { '--since': NOT_KEPT, '--until': NOT_KEPT },
  connect: OF_ENDPOINTS,
  'network connect': OF_ENDPOINTS,
  version: { '-f': SCRIPTS, '--format': SCRIPTS },
  'network create': {
    '--attachable': 'every sandbox can be connected to every network',
    '--ingress': ONE_HOST,
    '--scope': ONE_HOST,
    '--config-from': ONE_HOST,
    '--config-only': ONE_HOST,
    '--ipam-driver': 'Slipway gives the addresses itself: --subnet, --ip-range and --gateway say which',
    '--ipam-opt': 'Slipway gives the addresses itself: --subnet, --ip-range and --gateway say which',
  },
}

const PROCESS = "a sandbox has no process of its own: 'slipway run' runs a program in one, and kill(1) ends that"
const NO_IMAGES = "there are no images: 'slipway run' runs a program of this machine"
const FILES = "the files are the machine's own"
const SWARM = ONE_HOST

/** By command. */
const COMMANDS: Readonly<Record<string, string>> = {
  start: PROCESS,
  stop: PROCESS,
  restart: PROCESS,
  kill: PROCESS,
  pause: PROCESS,
  unpause: PROCESS,
  wait: PROCESS,
  top: "'slipway exec NAME -- COMMAND' looks inside, and 'ip netns pids NAME' lists its processes",
  attach: "'slipway exec NAME -- bash' joins a sandbox",
  logs: 'programs in sandboxes write where you send their output',
  build: NO_IMAGES,
  images: NO_IMAGES,
  image: NO_IMAGES,
  pull: NO_IMAGES,
  push: NO_IMAGES,
  rmi: NO_IMAGES,
  tag: NO_IMAGES,
  commit: NO_IMAGES,
  login: NO_IMAGES,
  volume: FILES,
  cp: FILES,
  diff: FILES,
  swarm: SWARM,
  service: SWARM,
  node: SWARM,
  stack: SWARM,
  compose: "write a script: 'slipway network create', 'slipway run -d'",
  container: "its commands stand alone here: 'slipway ls', 'slipway rm'",
  info: "'slipway doctor' says what this host has",
  system:
    "'slipway prune' and 'slipway network prune' remove what nobody uses, and 'slipway doctor' says what is left over",
  rename: 'a sandbox keeps its name: create another, or give it an --alias on a network',
  update: "what changes while it runs: 'slipway connect', 'slipway publish'",
}

const TAKE_COMMANDS = ['run', 'create', 'exec']

/**
 * The flag as docker's; `undefined` where docker has none of that name that Slipway lacks.
 *
 * @param path - Of the command: `network create`.
 */
export function insteadOfFlag(path: string, flag: string): string | undefined {
  const flags = TAKE_COMMANDS.includes(path) ? FLAGS : Object.hasOwn(FLAGS_OF, path) ? FLAGS_OF[path] : undefined
  return flags && Object.hasOwn(flags, flag) ? flags[flag] : undefined
}

export const insteadOfCommand = (name: string): string | undefined =>
  Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
