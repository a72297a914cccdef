import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { InputError } from '../../examples/group-server/input-error'
import { bytesOnDisk, newPlace } from '../../examples/group-server/storage'

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-storage-'))
afterAll(() => fs.rmSync(scratch, { recursive: true }))

test('a new file and an empty one are taken, for their owner alone', async () => {
  const file = path.join(scratch, 'new.db')
  for (const _ of ['new', 'empty']) expect(await newPlace({ kind: 'sqlite', file })).toEqual({ kind: 'sqlite', file })
  expect(fs.statSync(file)).toMatchObject({ size: 0 })
  if (process.platform !== 'win32') expect(fs.statSync(file).mode & 0o777).toBe(0o600)
})

test('a file with something in it is refused and left alone', async () => {
  const file = path.join(scratch, 'old.db')
  fs.writeFileSync(file, 'something')
  const refused = newPlace({ kind: 'sqlite', file })
  await expect(refused).rejects.toThrow(InputError)
  await expect(refused).rejects.toThrow(`${file}: exists already and is not empty`)
  expect(fs.readFileSync(file, 'utf8')).toBe('something')
})

test.each([
  ['a folder', scratch, 'EISDIR'],
  ['a file in no folder', path.join(scratch, 'nowhere', 'x.db'), 'ENOENT'],
])('%s is refused', async (_, file, code) => {
  await expect(newPlace({ kind: 'sqlite', file })).rejects.toThrow(`${file}: cannot be used for the store (${code})`)
})

test('bytes on disk: of the file and its journal; memory has none', async () => {
  const file = path.join(scratch, 'sized.db')
  fs.writeFileSync(file, Buffer.alloc(100))
  expect(await bytesOnDisk({ kind: 'sqlite', file })).toBe(100)
  fs.writeFileSync(`${file}-journal`, Buffer.alloc(11))
  expect(await bytesOnDisk({ kind: 'sqlite', file })).toBe(111)
  expect(await bytesOnDisk({ kind: 'memory' })).toBeNull()
})
