// At all of its moments (test/helpers/thorough.ts).
import '../env/lifetime.test.js'
