// On all kinds of bridges (test/helpers/thorough.ts).
import '../kernel/matrix.test.js'
