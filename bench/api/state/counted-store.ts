// A store that counts what reaches it: rows, of which deleting all under a prefix is one, and the bytes of keys and values.
import { type Atom, type Store, rowChanges } from 'node-mls'

export interface Written {
  readonly rows: number
  readonly bytes: number
  /** The same by tag, the first byte of a row's key (docs/store-format.md). */
  readonly tags: ReadonlyMap<number, { readonly rows: number; readonly bytes: number }>
}

export interface CountedStore {
  readonly store: Store
  /** taken gives what was written since it was last called, whatever the number of atoms. */
  taken(): Written
}

/** countedStore gives a store over another one. */
export function countedStore(inner: Store): CountedStore {
  let tags = new Map<number, { rows: number; bytes: number }>()
  const count = (atom: Atom): void => {
    for (const change of atom.parts.flatMap(({ changes }) => changes.flatMap((batch) => [...rowChanges(batch)]))) {
      const tag = change.key[0] ?? 0
      const sum = tags.get(tag) ?? { rows: 0, bytes: 0 }
      const bytes = change.key.length + (change.kind === 'put' ? change.value.length : 0)
      tags.set(tag, { rows: sum.rows + 1, bytes: sum.bytes + bytes })
    }
  }
  const store: Store = {
    commit: (atom) => {
      count(atom)
      return inner.commit(atom)
    },
    load: (scope, since, also) => inner.load(scope, since, also),
    list: (prefix) => inner.list(prefix),
    delete: (scope) => inner.delete(scope),
    close: () => inner.close(),
  }
  return {
    store,
    taken: () => {
      const [sums, all] = [tags, [...tags.values()]]
      tags = new Map()
      const sum = (of: 'rows' | 'bytes'): number => all.reduce((total, one) => total + one[of], 0)
      return { rows: sum('rows'), bytes: sum('bytes'), tags: sums }
    },
  }
}

/** formatTags gives rows and bytes by tag as one line. */
export const formatTags = ({ tags }: Written): string =>
  [...tags].sort(([a], [b]) => a - b).map(([tag, { rows, bytes }]) => `tag ${tag}: ${rows} × ${bytes} B`).join(', ')
