// RFC 9420 §12.4.3.3: trees that are handed over beside a Welcome.
import { agree, fails, keyPackage, open, pair } from '../../api/support/people'

test('R12.4.3.3-04: a tree of very many blanks', async () => {
  const { alices, bobs } = await pair()
  const carol = await open('carol')
  const commit = await alices.commit({ add: [await keyPackage(carol)], tree: 'apart' })
  const { welcome, tree } = await commit.accepted()
  await bobs.receive(commit.message)
  // 2^25 blanks, a byte each, before the nodes of the honest tree, whose length has two bytes.
  const nodes = tree!.subarray(2)
  expect(tree![0]! >> 6).toBe(1)
  const blanks = 2 ** 25
  const large = new Uint8Array(4 + blanks + nodes.length)
  Buffer.from(large.buffer).writeUInt32BE(0x8000_0000 + blanks + nodes.length)
  large.set(nodes, 4 + blanks)
  const before = process.memoryUsage().rss
  await fails(carol.join(welcome!, { tree: large }), 'LIMIT_EXCEEDED')
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 28)
  const carols = await carol.join(welcome!, { tree: tree! })
  agree(alices, bobs, carols)
})
