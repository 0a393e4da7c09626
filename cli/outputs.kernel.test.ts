/** `bulwark run` with a file of options: its channels, and what becomes of it after SIGHUP. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { useRareProgram } from './testdata/rare.ts'
import type { Running } from './testdata/running.ts'
import { end, skip, startRun, timeout } from './testdata/running.ts'

const { folder, program, rules } = useRareProgram(
  (path) =>
    `- rule: Rare program\n  desc: d\n  condition: evt.type = execve and proc.exepath = ${path}\n` +
    '  output: ran %proc.cmdline\n  priority: NOTICE\n  tags: [t]\n',
)

interface Told {
  readonly rule: string
  readonly hostname: string
  readonly message?: string
  readonly output_fields: Readonly<Record<string, unknown>>
}

const told = async ({ alert }: Running): Promise<Told> => JSON.parse(await alert()) as Told

test(
  'a file of options: channels, keys, fields; changed and broken',
  { skip, timeout },
  async (t) => {
    const posts: string[] = []
    let posted = Promise.withResolvers<void>()
    const server = createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (part: string) => (body += part))
      request.on('end', () => {
        posts.push(body)
        posted.resolve()
        response.end()
      })
    })
    t.after(() => {
      server.closeAllConnections()
      server.close()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const [config, file] = [join(folder, 'config.yaml'), join(folder, 'alerts')]
    const text = (more: string): string => `
hostname: node7
alert: {include_message: true, include_bulwark: false}
append_output:
  - match: {tags: [t]}
    extra_output: in %static.cluster
    extra_fields: [proc.pid, {who: "%user.name of \${WHERE:-x}"}]
static_fields: {cluster: prod}
http: {url: "${url}"}
${more}`
    writeFileSync(config, text(`file: {path: ${file}}`))
    const running = await startRun(t, rules, ['--config', config, '--priority', 'notice'])
    assert.match(await running.said('alerts go to'), /alerts go to: stdout, file, http$/)

    spawnSync(program, ['one'])
    const first = await told(running)
    const { 'proc.pid': pid, ...fields } = first.output_fields
    assert.equal(first.message, 'ran rare-program one in prod')
    assert.ok(Number(pid) > 1)
    assert.deepEqual([first.hostname, fields['who']], ['node7', 'root of x'])
    assert.deepEqual(
      Object.keys(first),
      'hostname,message,output,output_fields,priority,rule,source,tags,time'.split(','),
    )
    await posted.promise
    assert.deepEqual(JSON.parse(posts[0] ?? ''), first)

    // As logrotate does it; the fault is told, and what is right goes on.
    renameSync(file, `${file}.old`)
    writeFileSync(config, text('file: {pth: x}'))
    running.child.kill('SIGHUP')
    const refused = await told(running)
    assert.equal(refused.rule, 'Bulwark internal: options not changed')
    assert.match(refused.message ?? '', /:10:8: unknown option `file\.pth`$/)
    posted = Promise.withResolvers()
    spawnSync(program, ['two'])
    assert.match((await told(running)).message ?? '', /two/)

    writeFileSync(config, text('output: text\nfile: {path: ' + `${file}.new}`))
    running.child.kill('SIGHUP')
    await running.said('options changed: alerts go to: stdout, file, http')
    spawnSync(program, ['three'])
    assert.match(await running.alert(), /^[\d:.]+: Notice ran rare-program three in prod$/)
    assert.equal(await end(running.child, 'SIGTERM'), 0)
    const words = (path: string): readonly string[] =>
      [...readFileSync(path, 'utf8').matchAll(/rare-program (\w+)/g)].map(([, word = '']) => word)
    const unique = (path: string): readonly string[] => [...new Set(words(path))]
    assert.deepEqual(unique(`${file}.old`), ['one'])
    assert.deepEqual(unique(file), ['two'])
    assert.deepEqual(unique(`${file}.new`), ['three'])
  },
)
