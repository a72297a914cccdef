// Stores of the tests: a memory store that can be slow, fail, or be watched.
import { memoryStore, type Atom, type Store } from '../../../lib'

export interface ToldStore extends Store {
  /** Every atom that was given, whatever became of it. */
  readonly atoms: Atom[]
  /** Replaces commit; `inner` is the store behind. */
  told: ((atom: Atom, inner: Store) => Promise<readonly bigint[]>) | null
  /** Is told of each load that has ended: its `since`, and the bytes of its slices. */
  loaded: ((since: bigint | undefined, size: number) => void) | null
}

/** toldStore does what `told` says, and else what a memory store does. */
export function toldStore(inner: Store = memoryStore()): ToldStore {
  const store: ToldStore = {
    atoms: [],
    told: null,
    loaded: null,
    commit: (atom) => {
      store.atoms.push(atom)
      return store.told ? store.told(atom, inner) : inner.commit(atom)
    },
    async *load(scope, since, also) {
      let size = 0
      for await (const slice of inner.load(scope, since, also)) {
        size += slice.rows.length
        yield slice
      }
      store.loaded?.(since, size)
    },
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
