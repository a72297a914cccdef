// The floors: what the cryptography of an operation takes as bare libcrypto calls. The program of the engine's bench measures
// them (bench/api_floors.cc), in the same run and of the same libcrypto.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Operation } from './world'

export type Floors = Partial<Record<Operation, number>>

/**
 * measureFloors gives milliseconds for each operation in a group of `n`, with `threads` where an operation is shared out.
 * @param program core_bench
 */
export function measureFloors(program: string, n: number, threads: number): Floors {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-floors-'))
  const file = path.join(folder, 'floors.json')
  try {
    execFileSync(program, ['--api', file, '--members', String(n), '--threads', String(threads)])
    const rows = JSON.parse(fs.readFileSync(file, 'utf8')) as readonly { readonly row: Operation; readonly seconds: number }[]
    return Object.fromEntries(rows.map(({ row, seconds }) => [row, seconds * 1000]))
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

/** lower gives the better of two readings: what else the machine did meanwhile is no part of a floor. */
export function lower(one: Floors, other: Floors): Floors {
  const names = Object.keys(one) as (keyof Floors)[]
  return Object.fromEntries(names.map((name) => [name, Math.min(one[name] ?? Infinity, other[name] ?? Infinity)]))
}
