// The store contract: what every Store must do, as cases that any test runner can run.
//
//     for (const { name, run } of storeContract(openMyStore)) test(name, run)
import type { Store } from '../store'
import {
  allOrNothing, changesAndOrder, copies, guards, manyRows, manyScopes, oneWinner, revisions, sameIdOnce, severalScopes, sizes, together, versions, views,
} from './contract-atoms'
import {
  emptyScopes, endedLoad, isolation, large, listAndDelete, loadsDuringCommits, since, sinceAndAlso, sinceAnotherLife, sinceDeletes,
} from './contract-loads'

/** ContractCase: one thing that a store must do; `run` rejects when it does not. */
export interface ContractCase {
  readonly name: string
  run(): Promise<void>
}

/**
 * storeContract gives the cases. `open` gives an empty store each time; the cases close it.
 * @example
 * import { storeContract } from 'node-mls/store-contract'
 * for (const { name, run } of storeContract(async () => new MyStore())) test(name, run)
 */
export function storeContract(open: () => Promise<Store>): readonly ContractCase[] {
  const cases: readonly (readonly [string, (store: Store) => Promise<void>])[] = [
    ['changes take effect in the order of the format', changesAndOrder],
    ['an atom over two scopes is all or nothing', allOrNothing],
    ['versions are checked and advance by name', versions],
    ['of many commits that expect one version, one wins', oneWinner],
    ['an atom that was applied is not applied again', sameIdOnce],
    ['a store keeps copies and gives copies', copies],
    ['a load since a revision leads to the same rows', since],
    ['deletes reach a load since a revision', sinceDeletes],
    ['a revision of a scope that was deleted is of no use for its successor', sinceAnotherLife],
    ['a load shows one state, while others are written', loadsDuringCommits],
    ['a load may be left before its end', endedLoad],
    ['a large scope comes in slices of one revision', large],
    ['values may be empty and large', sizes],
    ['an atom may have ten thousand rows', manyRows],
    ['there may be thousands of scopes', manyScopes],
    ['atoms under way together fail alone', together],
    ['an atom over many scopes fails for one version of one of them', severalScopes],
    ['arrays that are views are as good as any', views],
    ['a large atom is there whole or not at all, for loads and for other atoms', isolation],
    ['a commit gives the revisions of its scopes', revisions],
    ['a part may only expect', guards],
    ['a load since a revision gives other rows besides', sinceAndAlso],
    ['a scope that loses its last row is gone, unless it has versions', emptyScopes],
    ['scopes are listed by prefix and deleted', listAndDelete],
  ]
  return cases.map(([name, check]) => ({
    name,
    run: async () => {
      const store = await open()
      try {
        await check(store)
      } finally {
        await store.close()
      }
    },
  }))
}
