/**
 * What is typed, its last word unfinished, on a host with two sandboxes and the network `web`; the words of which a
 * shell offers all, and one that it does not offer.
 */
export function typedAndOffered(app: string, db: string): [typed: string, offered: string[], not?: string][] {
  const networks = ['bridge', 'host', 'none', 'web']
  return [
    ['slipway ne', ['network']],
    ['slipway p', ['port', 'ps', 'publish']],
    ['slipway network ', ['create', 'ls', 'inspect', 'rm', 'prune', 'connect', 'disconnect'], 'run'],
    ['slipway create --pub', ['--publish']],
    ['slipway network create --sub', ['--subnet'], '--publish'],
    ['slipway --ipv', ['--ipv6']],
    ['slipway rm ', [app, db], 'web'],
    [`slipway rm ${app} `, [app, db]],
    [`slipway rm ${app.slice(0, -1)}`, [app], db],
    ['slipway remove --force ', [app, db]],
    ['slipway --netns /x exec ', [app, db]],
    ['slipway network rm ', networks, app],
    ['slipway network connect ', networks, app],
    ['slipway network connect web ', [app, db], 'web'],
    ['slipway connect ', [app, db], 'web'],
    [`slipway connect ${app} `, networks, db],
    ['slipway run --network ', networks, app],
    ['slipway run --network = w', ['web'], 'bridge'],
    ['slipway network create --driver ', ['bridge', 'ipvlan', 'macvlan']],
    ['slipway run -w /et', ['/etc'], app],
    ['slipway run -- tru', ['true']],
    [`slipway exec ${app} tru`, ['true'], app],
    ['slipway help net', ['network']],
    ['slipway completion ', ['bash', 'fish', 'zsh']],
    ['slipway create --name ', []],
    ['slipway network create we', [], 'web'],
  ]
}
