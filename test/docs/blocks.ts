// The examples in documents and in lib/, found and made into programs.
//
// Documents: the blocks of one section (a heading of level 2), fenced as `ts`, are one program, each going on where the
// one before it ended. `ts no-run` marks a block that is type-checked alone. In lib/ each `@example` is a program.
import fs from 'node:fs'
import path from 'node:path'

export const root = path.join(__dirname, '..', '..')

export interface Program {
  /** File and section, or file and line. */
  readonly title: string
  readonly body: string
  readonly runs: boolean
}

const read = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8')

/** documentPrograms gives the programs of a Markdown file. */
export function documentPrograms(file: string): Program[] {
  const programs: Program[] = []
  let section = ''
  let body: string[] = []
  let fence: { readonly language: string; readonly line: number; readonly lines: string[] } | null = null
  const end = (): void => {
    if (body.length > 0) programs.push({ title: `${file}: ${section}`, body: body.join('\n'), runs: true })
    body = []
  }
  read(file).split('\n').forEach((line, i) => {
    if (fence && line.startsWith('```')) {
      const text = [`// ${file}:${fence.line}`, ...fence.lines]
      if (fence.language === 'ts') body.push(...text)
      if (fence.language === 'ts no-run') {
        programs.push({ title: `${file}:${fence.line}`, body: [...body, ...text].join('\n'), runs: false })
      }
      fence = null
    } else if (fence) {
      fence.lines.push(line)
    } else if (line.startsWith('```')) {
      fence = { language: line.slice(3).trim(), line: i + 1, lines: [] }
    } else if (line.startsWith('## ')) {
      end()
      section = line.slice(3)
    }
  })
  end()
  return programs
}

/** `@example`s that are type-checked alone, and why. */
const notRun: Readonly<Record<string, string>> = {
  'lib/batch.ts:rows': 'names of a store that is being written',
  'lib/store.ts:versions': 'names of a store that is being written',
  'lib/stores/contract.ts:storeContract': 'belongs into a test file',
  'lib/stores/postgres.ts:postgresStore': 'needs a server',
  'lib/credential.ts:readFileSync': 'reads a certificate that is not there',
  'lib/extension.ts:requiredCapabilities': 'needs a client that supports the type',
  'lib/group.ts:show': 'waits for events until the group is closed',
  'lib/group.ts:remove': 'removes a member that the prelude has not',
}

/** What only `@example`s that do not run may use besides. */
export const ambient = `
import { readFileSync } from 'node:fs'
declare const toHex: (bytes: Uint8Array) => string
declare const rows: Map<string, Uint8Array>
declare const batch: Uint8Array
declare const versions: Versions
declare const part: AtomPart
declare class MyStore implements Store {
  commit(atom: Atom): Promise<readonly bigint[]>
  load(scope: Uint8Array, since?: bigint, also?: readonly Uint8Array[]): AsyncIterable<Slice>
  list(prefix: Uint8Array): AsyncIterable<Uint8Array>
  delete(scope: Uint8Array): Promise<void>
  close(): Promise<void>
}
`

/** codePrograms gives the `@example`s of a file of lib/. */
export function codePrograms(file: string): Program[] {
  const programs: Program[] = []
  for (const { 1: comment = '', index } of read(file).matchAll(/\/\*\*([\s\S]*?)\*\//g)) {
    const at = comment.indexOf('@example')
    if (at < 0) continue
    const lines = comment.slice(at).split('\n').slice(1).map((line) => line.replace(/^\s*\* ?/, ''))
    const end = lines.findIndex((line) => line.startsWith('@'))
    const body = (end < 0 ? lines : lines.slice(0, end)).join('\n').trimEnd()
    const line = read(file).slice(0, index).split('\n').length
    const runs = !Object.keys(notRun).some((key) => {
      const [where, word = ''] = key.split(':')
      return where === file && new RegExp(`\\b${word}\\b`).test(body)
    })
    programs.push({ title: `${file}:${line}`, body, runs })
  }
  return programs
}

/** exportedNames are the names that `import … from 'node-mls'` can have. */
export function exportedNames(): { readonly values: ReadonlySet<string>; readonly types: ReadonlySet<string> } {
  const [values, types] = [new Set<string>(), new Set<string>()]
  for (const [, isType, list = ''] of read('lib/index.ts').matchAll(/^export (type )?\{([^}]*)\}/gm)) {
    for (const name of list.split(',').map((one) => one.trim()).filter(Boolean)) (isType ? types : values).add(name)
  }
  for (const [, name = ''] of read('lib/message.ts').matchAll(/^export (?:interface|type) (\w+)/gm)) types.add(name)
  return { values, types }
}

/**
 * sourceOf makes a module of a program; its default export runs it.
 * @param whole a program that imports what it uses, as in README.md; others have the prelude and all of node-mls
 */
export function sourceOf({ body, runs, title }: Program, whole: boolean): string {
  const imports: string[] = []
  const rest = body.replace(/^import [\s\S]*?from '[^']+'$/gm, (text) => {
    imports.push(text)
    return ''
  })
  const lines = [...imports]
  if (!whole) {
    const { values, types } = exportedNames()
    const imported = imports.join('\n')
    const text = runs ? rest : rest + ambient
    const used = (names: ReadonlySet<string>): string[] =>
      [...names].filter((name) => new RegExp(`\\b${name}\\b`).test(text) && !new RegExp(`\\b${name}\\b`).test(imported))
    lines.push(`import { ${used(values).join(', ')} } from 'node-mls'`, `import type { ${used(types).join(', ')} } from 'node-mls'`)
    lines.push(`import type { ${title.startsWith('lib/') ? 'Prelude' : 'People'} } from '../../test/docs/prelude'`)
    if (!/\bassert\b/.test(imported)) lines.push(`import assert from 'node:assert'`)
    if (!runs && title.startsWith('lib/')) lines.push(ambient)
    const names = ['alice', 'bob', 'carol', 'group', 'bobs', 'deliver']
    const more = ['client', 'bytes', 'keyPackage', 'bobKeyPackage', 'welcome', 'groupInfo', 'accepted', 'secret', 'newcomer',
      'sendTo', 'show', 'directory']
    const given = title.startsWith('lib/') ? [...names, ...more] : names
    lines.push(`export default async function (prelude: ${title.startsWith('lib/') ? 'Prelude' : 'People'}): Promise<void> {`, `const { ${given.join(', ')} } = prelude`)
  } else {
    lines.push('export default async function (): Promise<void> {')
  }
  return [...lines, '{', rest, '}', '}', ''].join('\n')
}
