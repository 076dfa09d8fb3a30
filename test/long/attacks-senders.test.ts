// With all of its lines (test/helpers/thorough.ts).
import '../kernel/attacks-senders.test.js'
