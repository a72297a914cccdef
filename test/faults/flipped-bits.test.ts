// One bit of a SQLite file is another: either nothing that counts is, and all goes on, or somebody says that the store is damaged
// before anything is written, but for very few.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { Client, MlsError, isMlsError, memoryStore, sqliteStore, trustAnyCredential, type Group, type Store } from '../../lib'
import { patience, seeded, times } from './support/counts'

const flips = times(150, 3000)
/** About one in a hundred. */
const few = times(5, 30)

const open = (identity: string, store: Store): Promise<Client> =>
  Client.open({ identity, store, authenticate: trustAnyCredential, policy: { sendWithUncommittedProposals: 'allow' }, extensionTypes: [0xff01] })

/** stateOf is what a group shows, but for its past: an epoch whose key is not there is one that was erased. */
async function stateOf(group: Group): Promise<string> {
  const tree: string[] = []
  for await (const part of group.treeParts()) tree.push(Buffer.from(part).toString('hex'))
  const { id, epoch, suite, phase, leafIndex, memberCount, epochAuthenticator, treeHash, extensions, proposals, reinit } = group
  const shown = { id, epoch, suite, phase, leafIndex, memberCount, epochAuthenticator, treeHash, extensions, proposals, reinit }
  return inspect([shown, group.pending(), tree], { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity })
}

interface Made {
  readonly file: string
  readonly bytes: Buffer
  readonly groupId: Uint8Array
  readonly state: string
  readonly fresh: Uint8Array
  readonly replayed: Uint8Array
}

/** make has alice's file hold rows of every kind that a group at work has, and a message that she has still to read. */
async function make(folder: string): Promise<Made> {
  const file = path.join(folder, 'alice.db')
  const store = sqliteStore(file)
  const [alice, bob] = [await open('alice', store), await open('bob', memoryStore())]
  const group = await alice.createGroup({ extensions: [{ type: 0xff01, data: new Uint8Array(64).fill(7) }] })
  const [keyPackage] = await bob.keyPackages.create()
  const { welcome } = await (await group.commit({ add: [keyPackage?.message as Uint8Array] })).accepted()
  const bobs = await bob.join(welcome as Uint8Array)
  await alice.keyPackages.create(3)
  const replayed = await bobs.send('seen')
  await group.receive(replayed)
  await group.send('sent')
  await group.receive((await bobs.propose({ type: 'update' })).message)
  await group.commit()
  const made = { file, groupId: group.id, fresh: await bobs.send('fresh'), replayed }
  await alice.close()
  await store.close()
  const bytes = fs.readFileSync(file)
  const again = sqliteStore(file)
  const reader = await open('alice', again)
  const state = await stateOf(await reader.group(made.groupId))
  await reader.close()
  await again.close()
  fs.writeFileSync(file, bytes)
  return { ...made, bytes, state }
}

/** use does with the file what a bot does that starts again. It gives what it stumbled over, or null when all was as it should. */
async function use({ file, groupId, state, fresh, replayed }: Made, wrote: () => void): Promise<unknown> {
  const store = sqliteStore(file)
  let client: Client | null = null
  try {
    client = await open('alice', store)
    const group = await client.group(groupId)
    expect(await stateOf(group)).toBe(state)
    wrote()
    const received = await group.receive(fresh)
    expect(received.kind === 'message' && Buffer.from(received.data).toString()).toBe('fresh')
    await expect(group.receive(replayed)).rejects.toMatchObject({ code: 'KEY_CONSUMED' })
    await group.send('on we go')
    await client.keyPackages.create()
    return null
  } catch (error) {
    if (!isMlsError(error)) throw error
    return error
  } finally {
    await client?.close().catch(() => {})
    await store.close().catch(() => {})
  }
}

test('a bit that flipped is without effect, or the store is said to be damaged and is left as it is', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-flips-'))
  const made = await make(folder)
  const random = seeded()
  const counts = { works: 0, damaged: 0, otherwise: 0, unknown: 0, late: 0 }
  for (let i = 0; i < flips; i += 1) {
    const bytes = Buffer.from(made.bytes)
    let at = 0
    do at = Math.floor(random() * bytes.length); while (bytes[at] === 0)  // most of what is zero is nothing at all
    const bit = 1 << Math.floor(random() * 8)
    bytes[at] = (bytes[at] ?? 0) ^ bit
    fs.writeFileSync(made.file, bytes)
    let written = false
    const error = await use(made, () => { written = true })
    const where = { at, bit }
    if (error === null) counts.works += 1
    else if (isMlsError(error, 'UNKNOWN_GROUP', 'GROUP_MOVED')) {
      // SQLite has no checksums, and the list of groups is not sealed: it may say another id or status, or be under another name.
      counts.unknown += 1
    } else {
      const { code, fault, cause } = error as MlsError
      expect({ ...where, code, fault, cause: String(cause) }).toMatchObject({ code, fault: code === 'STORE_CONFLICT' ? 'stale' : 'storage' })
      if (!written && !fs.readFileSync(made.file).equals(bytes)) counts.late += 1
      if (code === 'STORAGE_DAMAGED') expect(String(cause)).toMatch(/restore|another program/)
      counts[code === 'STORAGE_DAMAGED' ? 'damaged' : 'otherwise'] += 1
    }
  }
  process.stdout.write(`${JSON.stringify(counts)}\n`)
  expect(counts.damaged).toBeGreaterThan(flips / 4)
  // The file's header says that it is read-only, or newer; versions that are found one way and not the other.
  expect(counts.otherwise).toBeLessThan(few)
  expect(counts.unknown).toBeLessThan(few)
  // What is not found where it should stand may look like nothing that was ever there.
  expect(counts.late).toBeLessThan(times(2, 5))
  fs.rmSync(folder, { recursive: true })
}, patience(600_000))
