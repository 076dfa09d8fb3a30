// With all of its lines (test/helpers/thorough.ts).
import '../kernel/attacks-host.test.js'
