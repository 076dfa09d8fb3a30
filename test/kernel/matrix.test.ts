import test from 'ava'
import { addressesOn, everyKind, routeThrough, serveAll } from '../helpers/every-kind.js'
import { holds } from '../helpers/reach-table.js'
import { BRIDGES } from '../helpers/thorough.js'
import { ipJson } from '../helpers/world.js'

/**
 * Who reaches whom, and under which address: networks of every kind, made through the library. Every cell is four
 * connections (TCP and UDP over IPv4 and IPv6; two where the target is a loopback address), and all of it holds with
 * and without br_netfilter. How to read the tables is said in helpers/reach-table.ts, who takes part in
 * helpers/every-kind.ts.
 *
 * Each sandbox serves the ports 80 and 81.
 */

/**
 * Ports of the host: 8080 is app's port 80, as 8081 is on 127.0.0.1 only; 8087 is beside's, for the neighbour alone;
 * 8088 is lonely's, 8089 first's on the other address of the host; the spare address is far's with all ports; 80 is
 * nobody's.
 */
const PUBLISHED = `
  from       host:8080    other host:8080  127.0.0.1:8080  ::1:8080  host:8081  127.0.0.1:8081  host:80  host:8087     host:8088      other host:8089  spare:80       spare:81
  host       host         other host       web gateway     refused   refused    web gateway     refused  host          host           other host       spare          spare
  neighbour  neighbour    neighbour        refused         refused   refused    refused         refused  neighbour     neighbour      neighbour        neighbour      neighbour
  stranger   stranger     stranger         .               .         refused    .               refused  -             stranger       stranger         stranger       stranger
  app        web gateway  web gateway      refused         refused   refused    refused         refused  -             app            app              app            app
  beside     web gateway  web gateway      refused         refused   refused    refused         refused  -             beside         beside           beside         beside
  far        far          far              refused         refused   refused    refused         refused  -             far            far              other gateway  other gateway
  two        two there    two there        refused         refused   refused    refused         refused  -             two there      two there        other gateway  other gateway
  first      first        first            refused         refused   refused    refused         refused  -             first          bridge gateway   first          first
  lone       lone         lone             refused         refused   refused    refused         refused  -             apart gateway  lone             lone           lone
  lonely     lonely       lonely           refused         refused   refused    refused         refused  -             apart gateway  lonely           lonely         lonely
  routed     routed       routed           refused         refused   refused    refused         refused  -             routed         routed           routed         routed
  bare       bare         bare             refused         refused   refused    refused         refused  -             bare           bare             bare           bare
  trusting   trusting     trusting         refused         refused   refused    refused         refused  -             trusting       trusting         trusting       trusting
  sourced    sourced      sourced          refused         refused   refused    refused         refused  -             sourced        sourced          sourced        sourced
  plain      plain        plain            refused         refused   refused    refused         refused  -             plain          plain            plain          plain
  shy        -            -                refused         refused   -          refused         -        -             -              -                -              -
  shy too    -            -                refused         refused   refused    refused         refused  -             -              -                -              -
  isle       -            -                refused         refused   -          refused         -        -             -              -                -              -
`

/**
 * The addresses of sandboxes: only their own network, the host, and who is on both networks. The neighbour routes them
 * at us.
 */
const SANDBOXES = `
  from       app:80         app:81         far:80         two:80         two there:80   first:80        plain:80       shy:80         isle:80  lone:80        lonely:81
  host       web gateway    web gateway    other gateway  web gateway    other gateway  bridge gateway  plain gateway  inner gateway  -        apart gateway  apart gateway
  neighbour  -              -              -              -              -              -               -              -              -        -              -
  app        app            app            -              app            -              -               -              -              -        -              -
  beside     beside         beside         -              beside         -              -               -              -              -        -              -
  far        -              -              far            -              far            -               -              -              -        -              -
  two        two            two            two there      two            two there      -               -              -              -        -              -
  first      -              -              -              -              -              first           -              -              -        -              -
  lone       -              -              -              -              -              -               -              -              -        lone           -
  lonely     -              -              -              -              -              -               -              -              -        -              lonely
  routed     -              -              -              -              -              -               -              -              -        -              -
  bare       -              -              -              -              -              -               -              -              -        -              -
  trusting   -              -              -              -              -              -               -              -              -        -              -
  plain      -              -              -              -              -              -               plain          -              -        -              -
  shy        -              -              -              -              -              -               -              shy            -        -              -
  shy too    -              -              -              -              -              -               -              shy too        -        -              -
  isle too   -              -              -              -              -              -               -              -              isle too  -             -
`

/** Networks whose sandboxes are spoken to directly, each publishing port 80, and the world as sandboxes see it. */
const DIRECT = `
  from       routed:80       routed:81       host:8084  bare:80       bare:81       host:8090  trusting:80       trusting:81       host:8085  neighbour:8000  host:8000
  host       routed gateway  routed gateway  refused    bare gateway  bare gateway  host       trusting gateway  trusting gateway  host       host            host
  neighbour  neighbour       -               refused    neighbour     neighbour     neighbour  neighbour         -                 neighbour  neighbour       neighbour
  app        app             -               refused    -             -             app        -                 -                 app        host            app
  far        far             -               refused    -             -             far        -                 -                 far        host            far
  two        two there       -               refused    -             -             two there  -                 -                 two there  host            two there
  first      first           -               refused    -             -             first      -                 -                 first      host            first
  lone       lone            -               refused    -             -             lone       -                 -                 lone       host            lone
  routed     routed          routed          refused    -             -             routed     -                 -                 routed     routed          routed
  bare       bare            -               refused    bare          bare          bare gateway  -              -                 bare       host            bare
  trusting   trusting        -               refused    -             -             trusting   trusting          trusting          trusting gateway  host     trusting
  sourced    sourced         -               refused    -             -             sourced    -                 -                 sourced    other host      sourced
  plain      plain           -               refused    -             -             plain      -                 -                 plain      plain           plain
  shy        -               -               -          -             -             -          -                 -                 -          -               -
  shy too    -               -               refused    -             -             -          -                 -                 -          -               shy too
  isle       -               -               -          -             -             -          -                 -                 -          -               -
`

for (const [bridgeCallsIptables, portsPerBridge] of BRIDGES) {
  const where = portsPerBridge === 1 ? 'one bridge for each sandbox' : 'one bridge for each network'
  test.serial(`br_netfilter ${bridgeCallsIptables ? 'on' : 'off'}, ${where}: who reaches whom`, async (t) => {
    const every = await everyKind(t, { bridgeCallsIptables, portsPerBridge })
    serveAll(t, every)
    t.is(ipJson(every.world.host, 'link', 'show', 'type', 'bridge').length, portsPerBridge === 1 ? 16 : 11)
    // Its network tells shy of no way out; shy too takes the one that there might be.
    const { 'shy too': shyToo } = every.sandboxes
    if (shyToo) routeThrough(shyToo, addressesOn('inner', 1))
    await holds(t, every.cast, PUBLISHED, SANDBOXES, DIRECT)
  })
}
