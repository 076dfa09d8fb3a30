// With all of its lines (test/helpers/thorough.ts).
import '../kernel/attacks-layer2.test.js'
