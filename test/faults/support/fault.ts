// Faults in the writes and syncs of processes: support/fault-at.c, as it is built and told what to do.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

/** Why there are no such faults here, or null: they need Linux and a C compiler. */
export function lackOfFaults(): string | null {
  if (process.platform !== 'linux') return 'faults in system calls need Linux (LD_PRELOAD)'
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' })
    return null
  } catch {
    return 'faults in system calls need a C compiler, cc'
  }
}

export type How = 'kill' | 'torn' | 'eio' | 'full'

/** Shim builds the library in a folder, once. */
export class Shim {
  readonly #folder: string
  readonly #library: string
  #faults = 0

  constructor(folder: string) {
    this.#folder = folder
    this.#library = path.join(folder, 'fault-at.so')
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-Wall', '-o', this.#library, path.join(__dirname, 'fault-at.c')])
  }

  /** fault is for one process at a time, which has its files below `folder`. */
  fault(folder: string): Fault {
    this.#faults += 1
    return new Fault(this.#library, folder, path.join(this.#folder, `control-${this.#faults}`))
  }
}

/** Fault is what strikes a process that is started with `env`. */
export class Fault {
  readonly env: Readonly<Record<string, string>>
  readonly #control: number

  constructor(library: string, folder: string, control: string) {
    this.#control = fs.openSync(control, 'w+')
    fs.writeSync(this.#control, Buffer.alloc(32), 0, 32, 0)
    // A sanitizer that this process preloads comes first.
    const preload = [process.env['LD_PRELOAD'], library].filter(Boolean).join(' ')
    this.env = { LD_PRELOAD: preload, FAULT_FOLDER: folder, FAULT_CONTROL: control }
  }

  /** set begins to count, and strikes at a call; 0 for none. */
  set(at: number, how: How): void {
    const control = Buffer.alloc(32)
    control.writeBigInt64LE(BigInt(at), 0)
    control.write(how, 24)
    fs.writeSync(this.#control, control, 0, control.length, 0)
  }

  /** Writes and syncs since `set`. */
  get calls(): number {
    return this.#numberAt(8)
  }

  /** How many of them it has struck. */
  get struck(): number {
    return this.#numberAt(16)
  }

  #numberAt(place: number): number {
    const number = Buffer.alloc(8)
    fs.readSync(this.#control, number, 0, 8, place)
    return Number(number.readBigInt64LE(0))
  }

  close(): void {
    fs.closeSync(this.#control)
  }
}
