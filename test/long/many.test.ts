// With all of its sandboxes (test/helpers/thorough.ts).
import '../kernel/many.test.js'
