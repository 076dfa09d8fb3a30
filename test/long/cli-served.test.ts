// What is typed, done by `slipway serve`: the tests of the command once more, with the small program in its place.
import '../helpers/serve-commands.js'
import '../kernel/cli-sandboxes.test.js'
import '../kernel/cli-network.test.js'
import '../kernel/cli-docker.test.js'
import '../kernel/cli-run.test.js'
