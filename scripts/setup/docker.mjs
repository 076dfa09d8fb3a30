// Why: the comparison with Docker runs a real dockerd. Debian's packages of it are unpacked into build-compare/, not
// installed: an installed one would start its daemon, and that one would change the machine's network.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { inRoot, stampIs, writeStamp } from './tree.mjs'
import { run, step, SetupError } from './say.mjs'

// Debian's newest: Docker's answers have changed over the years, and a stable release has them as of long ago. These
// are Go programs that ask little of the system's libraries; what asks more comes from the machine's own release.
const suite = 'sid'
const packages = ['docker.io', 'docker-cli', 'containerd', 'tini-static']

const folder = 'build-compare'
const stamp = `${folder}/.docker`

export function ensureDocker() {
  const wanted = [suite, ...packages].join(' ')
  if (stampIs(stamp, wanted)) return
  step(`unpacking Debian packages of ${suite}: ${packages.join(' ')}`, () => {
    const apt = inRoot(folder, 'apt')
    rmSync(apt, { recursive: true, force: true })
    rmSync(inRoot(folder, 'docker'), { recursive: true, force: true })
    for (const part of ['lists/partial', 'cache/archives/partial', 'empty']) mkdirSync(`${apt}/${part}`, { recursive: true })
    const options = {
      'Dir::Etc::SourceList': sourceList(apt),
      'Dir::Etc::SourceParts': `${apt}/empty`,
      'Dir::State::Lists': `${apt}/lists`,
      'Dir::Cache': `${apt}/cache`,
      // A repository is no place that the user _apt can write to.
      'APT::Sandbox::User': 'root',
    }
    const given = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
    run('apt-get', ['-q', ...given, 'update'], { sentence: `The list of Debian's packages of ${suite} could not be fetched.` })
    run('apt-get', ['-q', ...given, 'download', ...packages], { cwd: apt, sentence: `Debian's packages of ${suite} could not be fetched.` })
    for (const file of readdirSync(apt).filter((name) => name.endsWith('.deb'))) {
      run('dpkg-deb', ['--extract', `${apt}/${file}`, inRoot(folder, 'docker')], { sentence: 'A Debian package could not be unpacked.' })
    }
    rmSync(apt, { recursive: true })
  })
  if (!existsSync(inRoot(folder, 'docker/usr/sbin/dockerd'))) throw new SetupError(`Debian's docker.io of ${suite} has no dockerd where it used to be.`)
  writeStamp(stamp, wanted)
}

// The mirror that the machine uses, with the other release.
function sourceList(apt) {
  const { stdout } = run('apt-get', ['indextargets', '--format', '$(ORIGIN) $(LABEL) $(REPO_URI)', 'Created-By: Packages'])
  const mirror = stdout.split('\n').find((line) => line.startsWith('Debian Debian '))?.split(' ')[2]
  if (!mirror) throw new SetupError("The comparison with Docker takes a Debian whose package lists were fetched: type apt-get update.")
  const file = `${apt}/sources.list`
  writeFileSync(file, `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror} ${suite} main\n`)
  return file
}
