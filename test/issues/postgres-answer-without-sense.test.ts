// An answer of PostgreSQL that could not be read, as when the caller's pool had parsers of its own, made the store throw while it looked
// for the cause: the atoms of that call never settled, and their scopes were busy for good. After four such calls none went any more.
import { randomBytes } from 'node:crypto'
import { postgresStore, type Atom, type Store } from '../../lib'

/** Two atoms in one call: each by itself would not be tried alone. */
const commitTwo = (store: Store): Promise<PromiseSettledResult<readonly bigint[]>[]> => Promise.allSettled([1, 2].map((scope) => {
  const atom: Atom = { id: new Uint8Array(randomBytes(16)), parts: [{ scope: Uint8Array.of(scope), expect: {}, advance: ['epoch'], changes: [] }] }
  return store.commit(atom)
}))

test('what cannot be understood is an error, and the next call of the same scopes goes on', async () => {
  let said: unknown = null
  const client = {
    query: async (query: string | { readonly text: string }) => {
      const text = typeof query === 'string' ? query : query.text
      if (text.includes('.apply(')) return { rows: said === null ? [] : [[said]] }
      return { rows: text.includes('pg_class') ? [[]] : [['1']] }
    },
    on: () => {}, removeListener: () => {}, release: () => {},
  }
  const store = postgresStore({ connect: async () => client })
  const failed = { status: 'rejected', reason: expect.objectContaining({ code: 'STORE_FAILED', cause: expect.any(Error) as Error }) as Error }
  for (said of [null, '', 'nonsense', '{0,1', null]) expect(await commitTwo(store)).toEqual([failed, failed])
  said = '{0,0,3,1,4,1}'
  expect(await commitTwo(store)).toMatchObject([{ value: [(3n << 48n) + 1n] }, { value: [(4n << 48n) + 1n] }])
  await store.close()
}, 10_000)
