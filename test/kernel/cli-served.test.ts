// What is typed, done by `slipway serve`: tests of the command once more, with the small program in its place
// (test/long has more of them).
import '../helpers/serve-commands.js'
import './cli-sandboxes.test.js'
