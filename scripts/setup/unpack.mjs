// Why: a real dockerd and other runtimes' network programs are compared with and measured against. Debian's packages of
// them are unpacked, not installed: an installed one would start its daemon, and that one would change the machine's
// network. So is the kernel of the guest (guest.mjs): an installed one would be the machine's at its next start.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { inRoot, stampIs, writeStamp } from './tree.mjs'
import { run, step, SetupError } from './say.mjs'

// Debian's newest: Docker's answers have changed over the years, and a stable release has them as of long ago. Most are
// programs that ask little of the system's libraries; what asks more is given its own.
const newest = 'sid'

// Unpacks packages of a release into `folder`/`name`. `folder`/.`name` says which they are; `name`.json their versions.
// `needed`: unpacks, in their place, those of such names that they need. Debian's `linux-image-amd64` is empty, and
// needs the kernel.
export function unpack(folder, name, packages, { suite = newest, needed } = {}) {
  const stamp = `${folder}/.${name}`
  const wanted = [suite, ...packages].join(' ')
  if (stampIs(stamp, wanted)) return
  step(`unpacking Debian packages of ${suite}: ${packages.join(' ')}`, () => {
    const apt = inRoot(folder, `apt-${name}`)
    rmSync(apt, { recursive: true, force: true })
    rmSync(inRoot(folder, name), { recursive: true, force: true })
    for (const part of ['lists/partial', 'cache/archives/partial', 'empty'])
      mkdirSync(`${apt}/${part}`, { recursive: true })
    const options = {
      'Dir::Etc::SourceList': sourceList(apt, suite),
      'Dir::Etc::SourceParts': `${apt}/empty`,
      'Dir::State::Lists': `${apt}/lists`,
      'Dir::Cache': `${apt}/cache`,
      // A repository is no place that the user _apt can write to.
      'APT::Sandbox::User': 'root',
      // Descriptions in other languages are half of what would be fetched.
      'Acquire::Languages': 'none',
    }
    const given = Object.entries(options).flatMap(([option, value]) => ['-o', `${option}=${value}`])
    run('apt-get', ['-q', ...given, 'update'], {
      sentence: `The list of Debian's packages of ${suite} could not be fetched.`,
    })
    run('apt-get', ['-q', ...given, 'download', ...(needed ? needs(packages, given, needed) : packages)], {
      cwd: apt,
      sentence: `Debian's packages of ${suite} could not be fetched.`,
    })
    const versions = {}
    for (const file of readdirSync(apt).filter((entry) => entry.endsWith('.deb'))) {
      run('dpkg-deb', ['--extract', `${apt}/${file}`, inRoot(folder, name)], {
        sentence: 'A Debian package could not be unpacked.',
      })
      const [unpacked, version] = run('dpkg-deb', [
        '--show',
        '--showformat=${Package} ${Version}',
        `${apt}/${file}`,
      ]).stdout.split(' ')
      versions[unpacked] = version
    }
    writeFileSync(inRoot(folder, `${name}.json`), `${JSON.stringify(versions)}\n`)
    rmSync(apt, { recursive: true })
  })
  writeStamp(stamp, wanted)
}

// Which packages of such names these ones need, directly or not.
function needs(packages, given, named) {
  const { stdout } = run('apt-cache', [...given, 'depends', '--recurse', '--important', ...packages])
  return [...new Set(stdout.split('\n'))].filter((line) => named.test(line))
}

// The mirror that the machine uses, with the other release.
function sourceList(apt, suite) {
  const { stdout } = run('apt-get', [
    'indextargets',
    '--format',
    '$(ORIGIN) $(LABEL) $(REPO_URI)',
    'Created-By: Packages',
  ])
  const mirror = stdout
    .split('\n')
    .find((line) => line.startsWith('Debian Debian '))
    ?.split(' ')[2]
  if (!mirror)
    throw new SetupError(
      "Docker, other peers and the guest's kernel are taken from Debian's packages, and their lists are missing here: type apt-get update.",
    )
  const file = `${apt}/sources.list`
  writeFileSync(file, `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror} ${suite} main\n`)
  return file
}
