// What the packages say of themselves, and how large they are as they were installed.
import fs from 'node:fs'
import path from 'node:path'

interface Manifest {
  readonly version: string
  readonly license?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly napi?: { readonly targets?: readonly string[] }
}

export class Package {
  constructor(
    readonly name: string,
    readonly folder: string,
  ) {}

  get path(): string {
    return path.join(this.folder, 'node_modules', this.name)
  }

  get isInstalled(): boolean {
    return fs.existsSync(path.join(this.path, 'package.json'))
  }

  /** The bytes of its own files and those of what it depends on, as far as that is installed. */
  size(seen: Set<string> = new Set()): number {
    if (seen.has(this.name) || !this.isInstalled) return 0
    seen.add(this.name)
    const { dependencies, optionalDependencies } = this.manifest
    const names = Object.keys({ ...dependencies, ...optionalDependencies })
    return sizeOfFiles(this.path) + names.reduce((sum, name) => sum + new Package(name, this.folder).size(seen), 0)
  }

  get manifest(): Manifest {
    return JSON.parse(fs.readFileSync(path.join(this.path, 'package.json'), 'utf8')) as Manifest
  }

  describe(): string {
    const { version, license = 'no licence named', napi } = this.manifest
    const targets = napi?.targets ? `; binaries for ${napi.targets.length} targets` : ''
    return `${this.name} ${version}, ${license}: ${megabytes(this.size())} MB installed, with what it needs here${targets}`
  }
}

export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)

/** sizeOfFiles gives the bytes of all files below a folder, or of one file. */
export function sizeOfFiles(at: string): number {
  if (!fs.existsSync(at)) return 0
  if (fs.statSync(at).isFile()) return fs.statSync(at).size
  const files = fs.readdirSync(at, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.reduce((sum, entry) => sum + fs.statSync(path.join(entry.parentPath, entry.name)).size, 0)
}
