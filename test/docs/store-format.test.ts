// docs/store-format.md against what is written: scopes, tags, keys and what is sealed, in the rows of a client that does everything;
// and against the numbers in lib/ and core/.
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { rowChanges, type Group, type PendingCommit } from '../../lib'
import { firstOwnTag, movedTag, tags as clientTags } from '../../lib/client-rows'
import { rows as keyTags } from '../../lib/sealing-key'
import { version as schemaVersion } from '../../lib/stores/postgres-schema'
import { addTo, open } from '../api/support/people'
import { toldStore } from '../api/support/stores'
import { root } from './blocks'

const read = (...words: readonly string[]): string => readFileSync(path.join(root, ...words), 'utf8')
const document = read('docs', 'store-format.md')
const core = read('core', 'store', 'format.h')
const sectionOf = (heading: string): string => new RegExp(`^## ${heading}\n([^]*?)(?=^## |(?![^]))`, 'm').exec(document)?.[1] ?? ''

/** Row: a line of a table: the tag, how many bytes a key has, whether it is sealed. */
interface Row {
  readonly tag: number
  readonly hex: string
  readonly size: number
  readonly secret: string
}
/** Bytes of the fields of keys that do not say it themselves; hashes are those of suite 1. */
const sizes: Readonly<Record<string, number>> = { epoch: 8, leaf: 4, type: 1, handle: 16, transfer: 16, id: 0, ProposalRef: 32, KeyPackageRef: 32, 'SHA-256': 32 }
function sizeOf(fields: string): number {
  const found = [...fields.replace(/ of the PSK's id/, '').matchAll(/([A-Za-z0-9-]+)(?: \(u(\d+)\))?/g)]
  return found.reduce((sum, [, name = '', bits]) => sum + (bits === undefined ? sizes[name] ?? NaN : Number(bits) / 8), 1)
}
/** rowsIn gives the rows of the table in a section. */
function rowsIn(heading: string): Row[] {
  return [...sectionOf(heading).matchAll(/^\| (\d+) \| `([0-9a-f]{2})`([^|]*)\|.*\| ([^|]+) \|$/gm)].map(([, tag, hex = '', fields = '', secret = '']) =>
    ({ tag: Number(tag), hex, size: sizeOf(fields), secret }))
}
const tables = { group: rowsIn('Keys'), client: rowsIn('Keys of a client'), lease: rowsIn('Keys of a lease') }
const all = Object.values(tables).flat()
const byTag = (rows: readonly Row[]): Map<number, Row> => new Map(rows.map((row) => [row.tag, row]))

/** Scopes by the first byte of their names: what they are called, and how long the names are. */
const scopes = new Map([...sectionOf('Scopes').matchAll(/^ {4}(\w+) += (0\d) (client-id)( handle)?(?=\s)/gm)].map(([, name = '', first, , handle]) =>
  [Number(first), { name, size: 1 + 16 + (handle === undefined ? 0 : 16) }] as const))

test('tags and their hexadecimal digits agree, and none is used for two things', () => {
  expect(all.length).toBeGreaterThan(25)
  for (const { tag, hex } of all) expect(hex).toBe(tag.toString(16).padStart(2, '0'))
  const twice = all.map(({ tag }) => tag).filter((tag, i, list) => list.indexOf(tag) !== i)
  expect(twice).toEqual([15])  // our signature private key, in the scope of a client and in that of a group
  expect(document).toContain('Tag 18 is set aside')
})

test('the tags of lib/ are those of the document', () => {
  const lease = /rowKey = Uint8Array.of\((0x[0-9a-f]+)\)/.exec(read('lib', 'lease.ts'))?.[1]
  expect([...document.matchAll(/tag (\d+), key `([0-9a-f]+)`, empty/g)].map(([, tag, hex]) => [Number(tag), hex])).toEqual([[movedTag, movedTag.toString(16)]])
  const inCode = [...Object.values(clientTags), ...Object.values(keyTags), Number(lease)]
  expect(inCode.sort((a, b) => a - b)).toEqual(all.map(({ tag }) => tag).filter((tag) => tag >= firstOwnTag).sort((a, b) => a - b))
})

test('what is sealed, and under which key, is as core/ has it', () => {
  const numbers = new Map([...core.matchAll(/^ {2}(\w+) = (\d+), +\/\/|^ {2}(\w+) = (\d+),$/gm)].map(([, name, number, other, its]) => [name ?? other ?? '', Number(number ?? its)]))
  const body = core.slice(core.indexOf('constexpr Protection ProtectionOf'))
  const listed = (end: string, from = 0): number[] => [...body.slice(from, body.indexOf(`return Protection::${end}`)).matchAll(/case RowTag::(\w+):/g)].map(([, name = '']) => numbers.get(name) ?? NaN)
  const plain = listed('plain')
  const epoch = listed('epoch', body.indexOf('return Protection::plain'))
  expect(plain.length * epoch.length).toBeGreaterThan(20)
  for (const { tag, secret } of all.filter((row) => row.tag < firstOwnTag)) {
    expect({ tag, secret }).toEqual({ tag, secret: plain.includes(tag) ? 'no' : epoch.includes(tag) ? 'epoch' : 'yes' })
  }
})

test('the numbers of formats, and a fixture for each', () => {
  const group = Number(/kFormatVersion = (\d+)/.exec(core)?.[1])
  expect([...sectionOf('Compatibility').matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number))).toEqual(Array.from({ length: group }, (_, i) => i + 1))
  const client = Number(/^const format = (\d+)/m.exec(read('lib', 'client-scope.ts'))?.[1])
  const header = /header: format \(u16\): ([^|]*)\|/.exec(document)?.[1] ?? ''
  expect([...header.matchAll(/(\d+)/g)].map(([number]) => Number(number))).toEqual(Array.from({ length: client }, (_, i) => i + 1))
  const transfer = Number(/the format is (\d+)\./.exec(document)?.[1])
  expect(transfer).toBe(Number(/^const format = (\d+)/m.exec(read('lib', 'transfer-bytes.ts'))?.[1]))
  const sqlite = Number(/^const version = (\d+)/m.exec(read('lib', 'stores', 'sqlite-file.ts'))?.[1])
  const there = (folder: string): string[] => readdirSync(path.join(root, folder)).filter((name) => name.endsWith('.json'))
  const numbered = (name: string, last: number): string[] => Array.from({ length: last }, (_, i) => `${name}-${i + 1}.json`)
  expect(there('test/api/fixtures').sort()).toEqual(
    [...numbered('client', client), ...numbered('transfer', transfer), ...numbered('sqlite', sqlite), ...numbered('postgres', schemaVersion)].sort())
  expect(there('test/core/store')).toEqual(expect.arrayContaining(numbered('format', group)))
})

/** live has a client do everything that leaves a row, and gives the rows: scope and key, as hex, of each put. */
async function live(): Promise<Map<string, Uint8Array[]>> {
  const [store, there] = [toldStore(), toldStore()]
  const options = { store, encryptionKey: new Uint8Array(32), durableEvents: true, leases: { duration: 60_000 } } as const
  const [alice, bob] = [await open('alice', options), await open('bob')]
  await alice.psks.put('paper', new Uint8Array(32))
  await alice.keyPackages.create()
  const group = await alice.createGroup()
  const bobs = await addTo(group, bob)
  const follow = async (from: Group, to: Group, commit: PendingCommit, epoch = from.epoch + 1n): Promise<void> => {
    await commit.accepted()
    await to.receive(commit.message)
    expect(to.epoch).toBe(epoch)
  }
  await bobs.send('kept')
  await group.receive(await bobs.send('x'))  // one was passed over
  await bobs.receive(await group.send('y'))
  await follow(bobs, group, await bobs.commit())
  await bobs.receive((await group.propose({ type: 'update' })).message)
  await follow(bobs, group, await bobs.commit())
  await follow(group, bobs, await group.commit())
  const exported = await alice.exportGroup((await alice.createGroup()).id)
  const parts: Uint8Array[] = []
  for await (const part of exported.parts()) parts.push(part)
  const again = await open('alice', { ...options, store: there })
  await again.importGroup(parts, await exported.release())
  await exported.finish()
  await open('zed', { store })  // without a key
  const theirs = await bob.createGroup()
  const guest = await addTo(theirs, alice)
  await follow(theirs, guest, await theirs.commit({ remove: [guest.leafIndex] }), guest.epoch)
  await follow(group, bobs, await group.commit({ reinit: { suite: 2 } }))
  const rows = new Map<string, Uint8Array[]>()
  for (const { parts: written } of [...store.atoms, ...there.atoms]) {
    for (const { scope, changes } of written) {
      const name = Buffer.from(scope).toString('hex')
      for (const batch of changes) for (const change of rowChanges(batch)) if (change.kind === 'put') rows.set(name, [...rows.get(name) ?? [], new Uint8Array(change.key)])
    }
  }
  return rows
}

test('a client that does everything writes the rows of the document, each in its scope and with such a key, and no others', async () => {
  const seen = new Set<string>()
  for (const [name, keys] of await live()) {
    const scope = scopes.get(parseInt(name.slice(0, 2), 16))
    expect(name).toHaveLength(2 * (scope?.size ?? NaN))
    const place = scope?.name ?? ''
    const known = byTag(place === 'inbox' ? tables.group.filter(({ tag }) => tag === 16) : tables[place as keyof typeof tables])
    for (const key of keys) {
      const tag = key[0] ?? 0
      if (place === 'group' && tag === movedTag) expect(key).toHaveLength(1)
      else expect({ place, tag, size: key.length }).toEqual({ place, tag, size: known.get(tag)?.size })
      seen.add(`${place} ${tag}`)
    }
  }
  const expected = Object.entries(tables).flatMap(([place, rows]) => rows.map(({ tag }) => `${tag === 16 ? 'inbox' : place} ${tag}`))
  // Of the first format alone: the check value of a key that sealed by itself.
  expect([...seen].sort()).toEqual([...expected.filter((one) => one !== `client ${keyTags.check}`), `group ${movedTag}`].sort())
})
