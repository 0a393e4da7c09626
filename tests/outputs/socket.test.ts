/** Datagrams to a real listener: whole, in order, and refused where nobody or too much is. */
import { equal, throws } from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { DatagramSocket, openHandles } from '@bulwark/native'
import { listenForDatagrams } from './listener.ts'

const folder = mkdtempSync(join(tmpdir(), 'bulwark-socket-'))
after(() => rmSync(folder, { recursive: true }))

test('messages arrive whole and in order', async (t) => {
  const path = join(folder, 'log')
  const listener = await listenForDatagrams(t, path)
  const socket = new DatagramSocket(path)
  for (const text of ['one', '', 'two\nlines', 'é'.repeat(5000)]) {
    equal(socket.send(Buffer.from(text)), true)
    equal(await listener.next(), text)
  }
  socket.close()
  socket.close()
  throws(() => socket.send(Buffer.from('x')), { code: 'CLOSED' })
  equal(openHandles().sockets, 0)
})

test('a full queue is said, and no error', async (t) => {
  const path = join(folder, 'slow')
  const listener = await listenForDatagrams(t, path)
  listener.pause()
  const socket = new DatagramSocket(path)
  let sent = 0
  while (socket.send(Buffer.from(String(sent)))) sent++
  listener.resume()
  for (let i = 0; i < sent; i++) equal(await listener.next(), String(i))
  equal(socket.send(Buffer.from('again')), true)
  equal(await listener.next(), 'again')
  socket.close()
})

test('what cannot be sent says why', async (t) => {
  const path = join(folder, 'ended')
  throws(() => new DatagramSocket(path), { code: 'ENOENT' })
  throws(() => new DatagramSocket(`/${'x'.repeat(200)}`), { code: 'ENAMETOOLONG' })
  const listener = await listenForDatagrams(t, path)
  const socket = new DatagramSocket(path)
  throws(() => socket.send(new Uint8Array(16 * 1024 * 1024)), { code: 'EMSGSIZE' })
  await listener.end()
  throws(() => socket.send(Buffer.from('x')), { code: 'ECONNREFUSED' })
  throws(() => new DatagramSocket(path), { code: 'ECONNREFUSED' })
  socket.close()
  equal(openHandles().sockets, 0)
})
