// What a client used up is in no byte of its process's memory, JavaScript's heap included (RFC 9420 §9.2, §16.6, §16.7): an image
// as a core dump would be. Of the secrets that only the engine knows, test/memory tells.
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { findVectors, fromHex } from '../api/support/vectors'

const full = process.env['NODE_MLS_FULL'] === '1'
const isHere = process.platform === 'linux' && !/libasan|libclang_rt/.test(process.env['LD_PRELOAD'] ?? '')

interface Vector {
  readonly cipher_suite: number
  readonly init_priv: string
  readonly encryption_priv: string
  readonly signature_priv: string
  readonly key_package: string
  readonly welcome: string
  readonly ratchet_tree: string | null
  readonly external_psks: readonly { readonly psk_id: string; readonly psk: string }[]
}

const folder = fs.mkdtempSync(path.join(fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'node-mls-memory-'))
const running: ChildProcess[] = []
afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
  fs.rmSync(folder, { recursive: true })
})

interface Lived {
  readonly pid: number
  readonly secrets: readonly Uint8Array[]
}

/** live lets a process use up so many PSKs and the keys of the vectors, and say so much. */
async function live(psks: number, rounds: number, copies: 'none' | 'kept' | 'freed' = 'none'): Promise<Lived> {
  const vectors = findVectors('passive-client-welcome').flatMap(({ cases }) => cases as readonly Vector[])
    .filter((vector) => vector.cipher_suite !== 5)  // their scalars lack leading zeros: other bytes than those given
  const ofJoins = vectors.flatMap(({ init_priv: init, encryption_priv: leaf, signature_priv: signature, external_psks: more }) =>
    [init, leaf, signature, ...more.map(({ psk }) => psk)].map(fromHex))
  const secrets = [...Array.from({ length: 2 + psks }, () => new Uint8Array(randomBytes(32))), ...ofJoins]
  const joins = vectors.map((vector) => ({
    suite: vector.cipher_suite, keyPackage: vector.key_package, welcome: vector.welcome, tree: vector.ratchet_tree,
    psks: vector.external_psks.map(({ psk_id: id }) => id),
  }))
  const file = path.join(folder, `${randomBytes(4).toString('hex')}.db`)
  const orders = Buffer.from(JSON.stringify({ file, psks, used: Math.min(psks, 100), rounds, joins, copies }))
  const child = spawn(process.execPath, ['--expose-gc', path.join(__dirname, 'memory-life.cjs')], { stdio: ['pipe', 'pipe', 'inherit'] })
  running.push(child)
  for (const record of [orders, ...secrets]) {
    const size = Buffer.alloc(4)
    size.writeUInt32BE(record.length)
    child.stdin?.write(Buffer.concat([size, record]))
  }
  const [said] = await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), once(child, 'exit')]) as [unknown]
  expect(String(said)).toBe('done\n')
  return { pid: child.pid as number, secrets }
}

/** writableRegions gives the parts of a process's memory that it can have written to. */
function writableRegions(pid: number): { readonly from: number; readonly to: number }[] {
  return fs.readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n').flatMap((line) => {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) .w/.exec(line) ?? []
    return from && to ? [{ from: parseInt(from, 16), to: parseInt(to, 16) }] : []
  })
}

const size = 12
/** needleOf gives 12 bytes of a secret: the last, since allocators write over the first ones of what is freed, glibc over sixteen. */
const needleOf = (secret: Uint8Array): Buffer => Buffer.from(secret.length < size + 16 ? secret.subarray(0, size) : secret.subarray(-size))

/** find gives the numbers of the secrets of which 12 bytes in a row are in a process's memory. */
function find({ pid, secrets }: Lived): Set<number> {
  const needles = secrets.map(needleOf)
  const begins = new Map<number, number[]>()
  needles.forEach((needle, i) => {
    const key = needle.readUInt32LE()
    begins.set(key, [...begins.get(key) ?? [], i])
  })
  const found = new Set<number>()
  const memory = fs.openSync(`/proc/${pid}/mem`, 'r')
  const block = 1 << 26
  const untouched = Buffer.alloc(4096)
  for (const { from, to } of writableRegions(pid)) {
    for (let at = from; at < to; at += block - 64) {
      const bytes = Buffer.alloc(Math.min(block, to - at))
      let read = 0
      try {
        read = fs.readSync(memory, bytes, 0, bytes.length, at)
      } catch {
        continue  // a page that nobody can read, a device's
      }
      for (let page = 0; page < read; page += untouched.length) {
        if (bytes.subarray(page, page + untouched.length).equals(untouched)) continue
        for (let i = Math.max(0, page - size); i < page + untouched.length && i + size <= read; i += 1) {
          for (const number of begins.get(bytes.readUInt32LE(i)) ?? []) {
            if (bytes.compare(needles[number] as Buffer, 0, size, i, i + size) === 0) found.add(number)
          }
        }
      }
    }
  }
  fs.closeSync(memory)
  return found
}

const inMemory = isHere ? test : test.skip
/** The secrets of which the process makes copies, of 50 PSKs. */
const copied = [0, 10, 20, 30, 40].map((i) => i + 2)

inMemory('after thousands of operations no key that was used up is in the memory of the process', async () => {
  const lived = await live(full ? 4000 : 400, full ? 1500 : 150)
  expect(lived.secrets.length).toBeGreaterThan(full ? 4040 : 440)
  expect([...find(lived)]).toEqual([])
}, 600_000)

inMemory('a secret of which JavaScript keeps a copy is found', async () => {
  const found = find(await live(50, 1, 'kept'))
  expect([...found].sort((a, b) => a - b)).toEqual(copied)
}, 600_000)

inMemory('so is one of which a copy was freed as it was', async () => {
  const found = find(await live(50, 1, 'freed'))
  expect(found.size).toBeGreaterThan(0)
  expect(copied).toEqual(expect.arrayContaining([...found]) as number[])
}, 600_000)
