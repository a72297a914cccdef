// The search for secrets in what a program prints: bytes in every form in which somebody shows them.
import { inspect } from 'node:util'

const windowSize = 12

/** windowsOf gives pieces of a secret, side by side: whoever shows twice as many bytes in a row shows one of them whole. */
function windowsOf(secret: Uint8Array): { readonly at: number; readonly bytes: Buffer }[] {
  const starts = new Set<number>([Math.max(0, secret.length - windowSize)])
  for (let at = 0; at + windowSize <= secret.length; at += windowSize) starts.add(at)
  return [...starts].map((at) => ({ at, bytes: Buffer.from(secret.subarray(at, at + windowSize)) }))
}

/** Haystack: a text, and what remains of it without the space and the marks between bytes. */
export class Haystack {
  readonly #text: string
  readonly #dense: string
  readonly #hex: string

  constructor(text: string) {
    this.#text = text
    this.#dense = text.replace(/\s+/g, '')
    this.#hex = this.#dense.replace(/0x|\\x|[:,-]/gi, '').toLowerCase()
  }

  /** find gives how a secret is shown, or null. */
  find(secret: Uint8Array): string | null {
    for (const { at, bytes } of windowsOf(secret)) {
      const list = [...bytes]
      const raw = bytes.toString('latin1')
      if (this.#hex.includes(bytes.toString('hex'))) return 'hex'
      if (this.#dense.includes(list.join())) return 'a list'
      if (this.#dense.includes(list.map((byte, i) => `"${at + i}":${byte}`).join())) return 'an object of bytes'
      if (this.#dense.includes(bytes.toString('base64')) || this.#dense.includes(bytes.toString('base64url'))) return 'base64'
      for (const form of [raw, JSON.stringify(raw).slice(1, -1), inspect(raw).slice(1, -1)]) if (this.#text.includes(form)) return 'a string'
    }
    return null
  }
}

const deep = { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null } as const

/** printed gives everything that a program would print of a value. */
export function printed(value: unknown): string {
  const json = (): string => JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? String(one) : one)) ?? ''
  const error = value instanceof Error ? [value.message, value.stack, inspect(value.cause, deep), inspect(Object.getOwnPropertyDescriptors(value), deep)] : []
  return [inspect(value, deep), inspect(value), String(value), json(), ...error].join('\n')
}
