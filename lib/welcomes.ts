// Welcomes (RFC 9420 §12.4.3.1) of a commit: few or very many, each made when it is asked for.
import { unpack, type Packed } from './bulk'

/** WelcomeFor: a Welcome, and the references of the key packages that it is for. */
export interface WelcomeFor {
  /** MLSMessage. */
  readonly message: Uint8Array
  /** KeyPackageRefs (RFC 9420 §5.2). */
  readonly recipients: readonly Uint8Array[]
}

/**
 * Welcomes is an iterable of a commit's Welcomes.
 * @example
 * for (const { message, recipients } of accepted.welcomes) await deliver(message, recipients)
 */
export class Welcomes implements Iterable<WelcomeFor> {
  readonly #messages: Packed
  readonly #recipients: readonly Packed[]

  /** @internal */
  constructor(messages: Packed, recipients: readonly Packed[]) {
    this.#messages = messages
    this.#recipients = recipients
  }

  /** The number of Welcomes. */
  get count(): number {
    return Math.max(0, this.#messages.offsets.length - 1)
  }

  /** only: the one Welcome there is, or null. */
  get only(): Uint8Array | null {
    return this.count === 1 ? (unpack(this.#messages).next().value ?? null) : null
  }

  *[Symbol.iterator](): Generator<WelcomeFor, void, undefined> {
    let i = 0
    for (const message of unpack(this.#messages)) {
      const recipients = this.#recipients[i]
      yield { message, recipients: recipients ? [...unpack(recipients)] : [] }
      i += 1
    }
  }
}
