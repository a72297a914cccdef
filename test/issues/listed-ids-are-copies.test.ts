// Rows that are read later are views of what was loaded, and a Buffer's slice() is one too: the id of a listed group was the
// client's own memory, and a source's Buffer that is filled again changed what had been taken of it.
import { Client, memoryStore, trustAnyCredential } from '../../lib'
import { unpack } from '../../lib/bulk'
import { Input } from '../../lib/transfer-bytes'

test('what groups() and listGroups() give is nobody else\'s, also after a restart', async () => {
  const store = memoryStore()
  const open = (): Promise<Client> => Client.open({ identity: 'alice', store, authenticate: trustAnyCredential })
  const before = await open()
  const { id } = await before.createGroup()
  await before.close()
  const after = await open()
  const [listed] = after.groups()
  for await (const one of after.listGroups()) {
    for (const given of [listed?.id, one.id]) {
      expect(given).toEqual(id)
      expect(given?.constructor).toBe(Uint8Array)
      expect(given?.buffer.byteLength).toBe(id.length)
      given?.fill(0)
    }
  }
  expect(after.groups()[0]?.id).toEqual(id)
  expect((await after.group(id)).id).toEqual(id)
  await after.close()
})

test('a part of a transfer is taken as it is when it is given', async () => {
  const buffer = Buffer.alloc(4)
  const source = function* (): Generator<Buffer> {
    for (const byte of [1, 2, 3]) yield buffer.fill(byte)
  }
  const input = new Input('bytes', source())
  expect(await input.take(12)).toEqual(Uint8Array.of(1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3))
})

test('unpack gives copies, whatever the bytes are', () => {
  const bytes = Buffer.from([1, 2, 3])
  const [first, second] = unpack({ bytes, offsets: Uint32Array.of(0, 1, 3) })
  bytes.fill(0)
  expect([first, second]).toEqual([Uint8Array.of(1), Uint8Array.of(2, 3)])
  expect(second?.constructor).toBe(Uint8Array)
})
