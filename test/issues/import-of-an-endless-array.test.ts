// Bytes of a group that said to have endless length were read for ever, without a turn of the event loop.
import { fails, open } from '../api/support/people'

test.each([Infinity, 1e12, NaN, -1])('bytes to import are as long as they are, and not %d', async (length) => {
  const alice = await open('alice')
  const bytes = new Uint8Array(1000)
  Object.defineProperty(bytes, 'length', { value: length })
  await fails(alice.importGroup(bytes, new Uint8Array(32)), 'STORAGE_DAMAGED')
})
