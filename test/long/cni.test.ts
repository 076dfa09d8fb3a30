// With more containers (test/helpers/thorough.ts).
import '../kernel/cni.test.js'
