// RFC 9420 §15.2, §16.8: what holds between the steps of an application.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { decode, sqliteStore } from '../../../lib'
import { agree, fails, open, pair } from '../../api/support/people'
import { filesWith, rowsWith } from './support/rows'

const epochOf = async (message: Uint8Array): Promise<bigint> => {
  const decoded = await decode(message)
  if (decoded.wireFormat !== 'private-message') throw new Error(decoded.wireFormat)
  return decoded.epoch
}

/** The tag of the rows with key packages and their private keys (docs/store-format.md). */
const keyPackageTag = 19

test('R15.2-02: a group change is applied before encrypting', async () => {
  const { alices, bobs } = await pair()
  for (let round = 0; round < 20; round += 1) {
    const before = bobs.epoch
    const commit = await alices.commit()
    await commit.accepted()
    // Sent before, beside and after the Commit: whoever was told of the new epoch encrypts in it.
    let confirmed = false
    const late: Promise<readonly [boolean, Uint8Array]>[] = []
    const send = async (): Promise<readonly [boolean, Uint8Array]> => {
      const told = confirmed
      return [told, await bobs.send('x')]
    }
    late.push(send())
    const receiving = bobs.receive(commit.message).then(() => {
      confirmed = true
      late.push(send(), send())
    })
    late.push(send())
    await receiving
    late.push(send())
    const sent = await Promise.all(late)
    expect(sent).toHaveLength(5)
    for (const [told, message] of sent) {
      const epoch = await epochOf(message)
      if (told) expect(epoch).toBe(before + 1n)
      else expect([before, before + 1n]).toContain(epoch)
      expect((await alices.receive(message)).kind).toBe('message')
    }
    expect(sent.filter(([told]) => told)).toHaveLength(3)
  }
})

test('R16.8-01: a used KeyPackage leaves the publication system; its private init key is deleted after the Welcome', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-rules-'))
  const store = sqliteStore(path.join(folder, 'carol.db'))
  const { alices } = await pair()
  const carol = await open('carol', { store })
  const published = await carol.keyPackages.create(3)
  const lastResort = (await carol.keyPackages.create(1, { lastResort: true }))[0]
  const [used] = published
  if (!used || !lastResort) throw new Error('no key package')
  const isUsed = ({ key }: { key: Uint8Array }): boolean => Buffer.from(used.reference).equals(key.subarray(1))
  const rows = await rowsWith(store, keyPackageTag)
  expect(rows.map((row) => filesWith(folder, row))).toEqual([1, 1, 1, 1])
  const commit = await alices.commit({ add: [used.message] })
  const { welcome } = await commit.accepted()
  await carol.join(welcome as Uint8Array)
  // Its private keys are in no row and, sealed as they were, nowhere in the file.
  for (const row of rows) expect(filesWith(folder, row)).toBe(isUsed(row) ? 0 : 1)
  expect((await rowsWith(store, keyPackageTag)).filter(isUsed)).toEqual([])
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
  const listed = (): string[] => carol.keyPackages.list().map(({ reference }) => hex(reference))
  expect(listed()).not.toContain(hex(used.reference))
  expect(listed()).toHaveLength(3)
  // Neither the process nor another that reads the store has the key any more.
  await fails(carol.join(welcome as Uint8Array), 'NO_MATCHING_KEY_PACKAGE')
  const again = await open('carol', { store })
  expect(again.keyPackages.list().map(({ reference }) => hex(reference)).sort()).toEqual(listed().sort())
  await fails(again.join(welcome as Uint8Array), 'NO_MATCHING_KEY_PACKAGE')

  // One of last resort may be used again.
  for (let i = 0; i < 2; i += 1) {
    const { alices: others } = await pair()
    const adding = await others.commit({ add: [lastResort.message] })
    agree(await carol.join((await adding.accepted()).welcome as Uint8Array), others)
  }
  expect(listed()).toContain(hex(lastResort.reference))
  await Promise.all([carol.close(), again.close()])
  await store.close()
  fs.rmSync(folder, { recursive: true })
})
