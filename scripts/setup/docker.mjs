// Why: the comparison with Docker and the benchmark run a real dockerd.
import { existsSync } from 'node:fs'
import { inRoot } from './tree.mjs'
import { SetupError } from './say.mjs'
import { unpack } from './unpack.mjs'

const folder = 'build-compare'

export function ensureDocker() {
  unpack(folder, 'docker', ['docker.io', 'docker-cli', 'containerd', 'tini-static'])
  if (!existsSync(inRoot(folder, 'docker/usr/sbin/dockerd')))
    throw new SetupError("Debian's docker.io has no dockerd where it used to be.")
}
