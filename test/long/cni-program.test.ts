import test from 'ava'
import { cniCommand, printedIn } from '../helpers/cni-command.js'
import { startProgram } from '../helpers/cni-program.js'
import { cniWorld, variablesOf, WEB } from '../helpers/cni.js'
import { end } from '../helpers/command.js'
// With more containers (test/helpers/thorough.ts).
import '../kernel/cni-program.test.js'

// It waits for ten seconds.
test('stdin that is never closed is refused, by the program and by the command', async (t) => {
  const { world, server, container } = await cniWorld(t)
  const variables = variablesOf('ADD', container())
  const program = startProgram(world, { socket: server.socket, variables, config: WEB })
  program.stdin?.write(JSON.stringify(WEB))
  const [byProgram, byCommand] = await Promise.all([end(program), cniCommand(world, variables, undefined)])
  for (const { status, stdout } of [byProgram, byCommand]) t.deepEqual([status, printedIn(stdout).code], [1, 5], stdout)
})
