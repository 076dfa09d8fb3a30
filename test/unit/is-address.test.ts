import { isIP as nodeIsIP, isIPv4 as nodeIsIPv4, isIPv6 as nodeIsIPv6 } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { isIP, isIPv4, isIPv6 } from '#lib/base/addresses/is-address.js'

function asNodeHasIt(t: ExecutionContext, text: string): void {
  t.is(isIPv4(text), nodeIsIPv4(text), JSON.stringify(text))
  t.is(isIPv6(text), nodeIsIPv6(text), JSON.stringify(text))
  t.is(isIP(text), nodeIsIP(text) as 0 | 4 | 6, JSON.stringify(text))
}

const TRICKY = [
  '',
  '.',
  ':',
  '::',
  ':::',
  '::1',
  '1::',
  '1::2::3',
  '1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7::',
  '::2:3:4:5:6:7:8',
  '1::3:4:5:6:7:8',
  '1::2:3:4:5:6:7:8',
  '00000::',
  'fffff::',
  'FE80::A',
  '::g',
  '::1.2.3.4',
  '::1.2.3',
  '::1.2.3.4.5',
  '::01.2.3.4',
  '::256.2.3.4',
  '1:2:3:4:5:6:1.2.3.4',
  '1:2:3:4:5:6:7:1.2.3.4',
  '::1.2.3.4:5',
  '::ffff:192.0.2.1',
  'fe80::1%eth0',
  'fe80::1%',
  'fe80::1%eth 0',
  'fe80::1%25',
  '%eth0',
  'fe80::1%a%b',
  '[::1]',
  '::1]',
  '::1]:80',
  '::1/64',
  ' ::1',
  '::1 ',
  '::1\n',
  '\t::1',
  ':\t:1',
  '::1#',
  '::1?',
  '::\u0661',
  '::1@',
  '0.0.0.0',
  '255.255.255.255',
  '256.0.0.1',
  '01.2.3.4',
  '1.2.3',
  '1.2.3.4.',
  '.1.2.3.4',
  '1.2.3.4\n',
  '1.2.3.4%1',
  '1..2.3',
  '1.2.3.4.5',
  '0x1.2.3.4',
  '1e1.2.3.4',
  '\u0661.2.3.4',
]

test('what is an address is what node:net says it is', (t) => {
  for (const text of TRICKY) asNodeHasIt(t, text)
  const parts = fc.array(
    fc.constantFrom('0', '1', 'ff', 'FFFF', '12345', ':', '::', '.', '192.0.2.1', '%', 'eth0', 'g', ' '),
    { maxLength: 18 },
  )
  const groups = fc.array(fc.constantFrom('0', '1', 'ab', 'ffff', ''), { maxLength: 9 }).map((all) => all.join(':'))
  fc.assert(
    fc.property(
      fc.oneof(
        fc.ipV4(),
        fc.ipV6(),
        groups,
        parts.map((all) => all.join('')),
        fc.string(),
      ),
      (text) => {
        asNodeHasIt(t, text)
      },
    ),
    { numRuns: 3000 },
  )
})
