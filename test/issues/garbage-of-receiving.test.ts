// Receiving left twice its data behind as garbage: the copies of what came in, and the bytes of all results before they were
// cut. V8 counts the memory of ArrayBuffers, so that in a second of ten thousand messages it marked its heap and gave back
// twenty thousand of them, while the event loop waited 10 ms and more.
import { spawnSync } from 'node:child_process'
import path from 'node:path'

const root = path.join(__dirname, '..', '..')
const count = 2000
const size = 1024

// Nothing is collected meanwhile: the heap's new half holds all of it.
const flags = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64']

const program = `
const { Client, memoryStore, trustAnyCredential } = require(${JSON.stringify(root)})
const open = (identity) => Client.open({ identity, store: memoryStore(), authenticate: trustAnyCredential })
async function main(way) {
  const [alice, bob] = [await open('alice'), await open('bob')]
  const [keyPackage] = await bob.keyPackages.create()
  const group = await alice.createGroup()
  const { welcome } = await (await group.commit({ add: [keyPackage.message] })).accepted()
  const joined = await bob.join(welcome)
  const messages = await group.sendMany(Array.from({ length: ${count} }, () => new Uint8Array(${size})))
  gc()
  gc()  // waits until what the first found is given back
  const before = process.memoryUsage().arrayBuffers
  const received = []
  for (let at = 0; at < messages.length; at += 100) {
    const some = messages.slice(at, at + 100)
    if (way === 'one') received.push(...await Promise.all(some.map((one) => joined.receive(one))))
    else received.push(...await (way === 'group' ? joined : bob).receiveMany(some))
  }
  const data = received.reduce((sum, one) => sum + one.data.length, 0)
  console.log(JSON.stringify({ data, grown: process.memoryUsage().arrayBuffers - before }))
}
main(process.argv[1])
`

test.each(['one', 'group', 'client'])('receiving leaves no ArrayBuffers but those of the data (%s)', (way) => {
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, '-e', program, way], { encoding: 'utf8', timeout: 60_000 })
  expect(stderr).toBe('')
  const { data, grown } = JSON.parse(stdout) as { data: number; grown: number }
  expect(data).toBe(count * size)
  expect(grown).toBeGreaterThanOrEqual(data)  // nothing was collected
  expect(grown).toBeLessThan(1.25 * data)
})
