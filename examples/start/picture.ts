import type { Sandbox } from 'slipway'
import { Canvas } from './canvas.js'
import { HOST_ADDRESS, NEIGHBOUR_ADDRESS, UPLINK } from './neighbourhood.js'

/** Host, bridge and two sandboxes, with the names and addresses that they were given. */
export function picture(web: Sandbox, client: Sandbox): string {
  const canvas = new Canvas()
  canvas.box(2, 0, 28, 3, 'another host').text(5, 1, `eth0 ${NEIGHBOUR_ADDRESS}`, 'cyan')
  canvas.box(2, 3, 76, 13, 'this host')
  canvas.text(23, 2, '┬').text(23, 3, '┴')
  canvas.text(5, 4, `${UPLINK} ${HOST_ADDRESS}`, 'cyan').text(5, 5, 'lo     127.0.0.1', 'cyan')
  for (const [index, { hostIp, hostPort, containerPort, protocol }] of web.ports.entries()) {
    const to = web.endpoints[0]?.addresses[0]?.split('/')[0]
    canvas.text(34, 4 + index, `${hostIp}:${hostPort}/${protocol} ──▶ ${to}:${containerPort}`, 'green')
  }
  const [gateway, prefix] = [web.endpoints[0]?.gateway, web.endpoints[0]?.addresses[0]?.split('/')[1]]
  canvas.text(5, 7, `docker0 ${gateway}/${prefix}`, 'cyan').text(5, 8, '═'.repeat(70))
  drawSandbox(canvas, 5, web, 'node, listens on port 80')
  drawSandbox(canvas, 42, client, '')
  return canvas.toString()
}

function drawSandbox(canvas: Canvas, x: number, sandbox: Sandbox, process: string): void {
  const [endpoint] = sandbox.endpoints
  canvas
    .text(x + 21, 8, '╤')
    .text(x + 21, 9, '│')
    .text(x + 5, 9, endpoint?.hostInterface ?? '', 'dim')
  canvas.box(x, 10, 33, 5, `sandbox ${sandbox.name}`).text(x + 21, 10, '┴')
  canvas.text(x + 3, 11, `${endpoint?.interface} ${endpoint?.addresses[0]}`, 'cyan')
  canvas.text(x + 3, 12, `default via ${endpoint?.gateway}`, 'dim')
  canvas.text(x + 3, 13, process, 'green')
}
