// Vector files: official ones under NODE_MLS_VECTORS, our own under test/vectors.
import fs from 'node:fs'
import path from 'node:path'

export interface VectorFile {
  readonly set: 'official' | 'own'
  readonly cases: readonly never[]
}

const root = path.join(__dirname, '..', '..', '..')

function filesIn(folder: string, kind: string): string[] {
  return fs.readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => {
      const stem = path.basename(file, '.json')
      return file.endsWith('.json') && (stem === kind || stem.startsWith(`${kind}.`) || stem.startsWith(`${kind}_`))
    })
    .map((file) => path.join(folder, file))
}

/** findVectors gives the files of a kind such as `messages`. */
export function findVectors(kind: string): VectorFile[] {
  const named = process.env['NODE_MLS_VECTORS']
  const read = (set: 'official' | 'own') => (file: string): VectorFile =>
    ({ set, cases: JSON.parse(fs.readFileSync(file, 'utf8')) as never[] })
  return [
    ...(named ? filesIn(path.resolve(root, named), kind).map(read('official')) : []),
    ...filesIn(path.join(root, 'test', 'vectors'), kind).map(read('own')),
  ]
}

export const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))
