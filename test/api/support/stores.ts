// Stores of the tests: a memory store that can be slow, fail, or be watched.
import { memoryStore, type Atom, type Store } from '../../../lib'

export interface ToldStore extends Store {
  /** Every atom that was given, whatever became of it. */
  readonly atoms: Atom[]
  /** Replaces commit; `inner` is the store behind. */
  told: ((atom: Atom, inner: Store) => Promise<readonly bigint[]>) | null
}

/** toldStore does what `told` says, and else what a memory store does. */
export function toldStore(inner: Store = memoryStore()): ToldStore {
  const store: ToldStore = {
    atoms: [],
    told: null,
    commit: (atom) => {
      store.atoms.push(atom)
      return store.told ? store.told(atom, inner) : inner.commit(atom)
    },
    load: (scope, since, also) => inner.load(scope, since, also),
    list: (prefix) => inner.list(prefix),
    delete: (scope) => inner.delete(scope),
    close: () => inner.close(),
  }
  return store
}

/** Gate: a promise that is let through by hand. */
export interface Gate {
  readonly passed: Promise<void>
  open(): void
}
export function gate(): Gate {
  let open = (): void => {}
  const passed = new Promise<void>((resolve) => (open = resolve))
  return { passed, open }
}
