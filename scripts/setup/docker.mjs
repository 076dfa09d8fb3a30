// Why: the comparison with Docker and the benchmark run a real dockerd; tests of the server, docker's command alone;
// the long ones of the plugin of CNI, containerd.
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

export function ensureContainerd() {
  unpack(folder, 'containerd', ['containerd'])
  if (!existsSync(inRoot(folder, 'containerd/usr/bin/ctr')))
    throw new SetupError("Debian's containerd has no ctr where it used to be.")
}

export function ensureDockerCommand() {
  unpack(folder, 'docker-cli', ['docker-cli'])
  if (!existsSync(inRoot(folder, 'docker-cli/usr/bin/docker')))
    throw new SetupError("Debian's docker-cli has no docker where it used to be.")
}
