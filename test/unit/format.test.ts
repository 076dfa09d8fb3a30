import test from 'ava'
import { readFormat, readInspectFormat } from '#lib/cli/format/format.js'

/** Templates as docker's --format has them: those of Go's text/template. */

const THING = {
  Name: 'app',
  Created: '2026-01-01',
  Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }], '53/udp': [] },
  Networks: { web: { IPAddress: '10.7.0.2' }, bridge: { IPAddress: '172.17.0.2' } },
  Labels: { team: 'blue' },
  Config: [{ Subnet: '10.7.0.0/24' }],
  Count: 3,
  Internal: false,
}

test('templates', (t) => {
  const right: [string, string][] = [
    ['{{.Name}}', 'app'],
    ['no braces', 'no braces'],
    ['{{ .Name }} {{.Count}} {{.Internal}}', 'app 3 false'],
    ['{{/* said to nobody */}}{{.Name}}', 'app'],
    ['a  {{- .Name -}}  b', 'aappb'],
    ['{{"}}"}} {{`a"b`}} {{"a\\tb"}}', '}} a"b a\tb'],
    ['{{.Networks.web.IPAddress}}', '10.7.0.2'],
    ['{{.Networks.none.IPAddress}}', '<no value>'],
    ['{{.Labels.team}} {{.Labels.other}}', 'blue <no value>'],
    ['{{json .Config}}', '[{"Subnet":"10.7.0.0/24"}]'],
    ['{{json .Labels.other}}', 'null'],
    ['{{.Labels}} {{.Config}}', 'map[team:blue] [map[Subnet:10.7.0.0/24]]'],
    ['{{range .Networks}}{{.IPAddress}} {{end}}', '172.17.0.2 10.7.0.2 '],
    [
      '{{range $name, $of := .Networks}}{{$name}}={{$of.IPAddress}} {{$.Name}};{{end}}',
      'bridge=172.17.0.2 app;web=10.7.0.2 app;',
    ],
    ['{{range $i, $c := .Config}}{{$i}}{{$c.Subnet}}{{end}}', '010.7.0.0/24'],
    ['{{range $c := .Config}}{{$c.Subnet}}{{end}}', '10.7.0.0/24'],
    ['{{range .Config}}{{.Subnet}}{{.Gateway}}{{end}}', '10.7.0.0/24'],
    ['{{range index .Ports "53/udp"}}x{{else}}none{{end}}', 'none'],
    ['{{(index (index .Ports "80/tcp") 0).HostPort}}', '8080'],
    ['{{index .Labels "team"}}|{{index .Labels "x"}}', 'blue|'],
    ['{{if .Internal}}in{{else if eq .Count 3}}three{{else}}out{{end}}', 'three'],
    ['{{if and .Name (not .Internal)}}yes{{end}}{{if or .Internal .Labels.x}}no{{end}}', 'yes'],
    ['{{with .Labels}}{{.team}}{{end}}{{with .Labels.x}}x{{else}}-{{end}}', 'blue-'],
    ['{{$n := .Name}}{{$n}}{{$n = "b"}}{{$n}}', 'appb'],
    ['{{.Name | upper | printf "%q"}} {{len .Networks}} {{len .Name}}', '"APP" 2 3'],
    ['{{printf "%-5s|%5d|%05d|%v%%" .Name 7 7 .Internal}}', 'app  |    7|00007|false%'],
    [
      '{{join (split "a,b" ",") "-"}} {{title "web net"}} {{truncate .Name 2}} {{slice .Name 1}} {{pad "x" 1 2}}|',
      'a-b Web Net ap pp  x  |',
    ],
    ['{{println .Name .Count}}{{print 1 2}}', 'app 3\n1 2'],
    ['{{eq .Name "x" "app"}} {{ne 1 2}} {{lt 1 2}} {{ge 1 2}}', 'true true true false'],
  ]
  for (const [template, text] of right) t.is(readInspectFormat(template)([THING]), `${text}\n`, template)
})

test('templates that mean nothing', (t) => {
  const wrong: [string, RegExp][] = [
    ['{{.Name', /has \{\{ without \}\}/],
    ['{{}}', /nothing in it|missing/],
    ['{{.Nmae}}', /no field \.Nmae\. Did you mean \.Name\?$/],
    ['{{.Colour}}', /no field \.Colour\. There are \.Name, \.Created, /],
    ['{{json .Colour}}', /no field \.Colour/],
    ['{{range .Config}}{{.Subnte}}{{end}}', /no field \.Subnte\. Did you mean \.Subnet\?$/],
    ['{{.Name.First}}', /\.First: app has no fields/],
    ['{{shout .Name}}', /no function shout\. There are json, /],
    ['{{if .Name}}x', /\{\{end\}\} is missing/],
    ['{{end}}', /ends nothing/],
    ['{{if .Name}}a{{else}}b{{else}}c{{end}}', /stands behind \{\{else\}\}/],
    ['{{.Name |}}', /missing behind \|/],
    ['{{(.Name}}', /a \( has no \)/],
    ['{{.Name ?}}', /cannot be read/],
    ['{{$x}}', /no variable \$x/],
    ['{{.Name "x"}}', /takes nothing/],
    ['{{"a" "b"}}', /is no function/],
    ['{{index .Config 4}}', /beyond the end of a list of 1/],
    ['{{index (index .Ports "81/tcp") 0}}', /index looks into lists and tables, and <no value> is none/],
    ['{{index .Count "x"}}', /index looks into lists and tables/],
    ['{{.Name) }}', /too much in it/],
  ]
  for (const [template, why] of wrong)
    t.throws(
      () => readInspectFormat(template)([THING]),
      { message: new RegExp(`^--format: .*${why.source}`, 's') },
      template,
    )
})

test('lists: a line each, a table with heads, or JSON', (t) => {
  const heads = { Name: 'NAME', Address: 'ADDRESS', Label: (key: string) => key }
  const row = (Name: string, Address: string, label: string) => ({ Name, Address, Label: (key: string) => key + label })
  const rows = [row('app', '10.7.0.2', '1'), row('db-of-app', '', '2')]
  const print = (template: string) => readFormat(template, heads).list(rows)
  t.is(print('{{.Name}}:{{.Label "x"}}'), 'app:x1\ndb-of-app:x2')
  t.is(
    print('table {{.Name}}\\t{{.Address}}\\t{{.Label "x"}}'),
    'NAME        ADDRESS    x\napp         10.7.0.2   x1\ndb-of-app              x2',
  )
  t.is(print('json'), '{"Name":"app","Address":"10.7.0.2"}\n{"Name":"db-of-app","Address":""}')
  t.is(print('{{json .}}'), print('json'))
  t.throws(() => readFormat('{{.Nmae}}', heads), { message: /Did you mean \.Name/ })
})
