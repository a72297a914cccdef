// What a store keeps: its rows, sealed as they are, and whether their bytes are left in files.
import fs from 'node:fs'
import path from 'node:path'
import { rowChanges, type Store } from '../../../../lib'

export interface Row {
  readonly key: Buffer
  readonly value: Buffer
}

/** rowsWith gives the rows of all scopes whose keys begin with a tag (docs/store-format.md). */
export async function rowsWith(store: Store, tag: number): Promise<Row[]> {
  const found: Row[] = []
  for await (const scope of store.list(new Uint8Array(0))) {
    for await (const { rows } of store.load(scope)) {
      for (const change of rowChanges(rows, (one) => one === tag)) {
        if (change.kind === 'put') found.push({ key: Buffer.from(change.key), value: Buffer.from(change.value) })
      }
    }
  }
  return found
}

/** filesWith counts the files of a folder that hold the value of a row. */
export const filesWith = (folder: string, { value }: Row): number =>
  fs.readdirSync(folder).filter((name) => fs.readFileSync(path.join(folder, name)).includes(value)).length
