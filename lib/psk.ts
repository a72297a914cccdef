// External pre-shared keys (RFC 9420 §8.4): secrets that members share from elsewhere and mix into a group.
import { cloneOf, copyOfText, secretOf, wipe } from './bytes'
import { deleteRow } from './client-rows'
import type { ClientScope } from './client-scope'
import { MlsError, toError } from './errors'
import { native, type NativeSecret } from './native'

/**
 * PskSource gives the PSK of an id, or null when it is not known. It is asked for those that the client does not hold.
 * It may take `answerTimeout` and must not call back into the group (`REENTRANT`). When it throws, the step fails with
 * `MISSING_PSK`.
 */
export type PskSource = (id: Uint8Array) => Uint8Array | null | undefined | PromiseLike<Uint8Array | null | undefined>

/** Psks of one client: `client.psks`. */
export class Psks {
  readonly #scope: ClientScope
  readonly #source: PskSource | undefined

  /** @internal */
  constructor(scope: ClientScope, source: PskSource | undefined) {
    this.#scope = scope
    this.#source = source
  }

  /**
   * put stores a PSK, sealed, under its id; an older one is replaced.
   * @param id any bytes; a string is its UTF-8
   * @param secret at best as many bytes as the suite's hash, 32 to 64
   * @example
   * await client.psks.put('paper-key-7', secret)
   * await group.commit({ psk: ['paper-key-7'] })
   */
  async put(id: string | Uint8Array, secret: Uint8Array): Promise<void> {
    const name = copyOfText('id', id)
    const bytes = secretOf('secret', secret)
    try {
      await this.#scope.change((client) => ({ changes: [client.putPsk(name, bytes)] }))
    } finally {
      wipe(bytes)
    }
  }

  /** delete forgets a PSK. An unknown id does not matter. */
  async delete(id: string | Uint8Array): Promise<void> {
    const name = copyOfText('id', id)
    await this.#scope.change((client) => ({ changes: [deleteRow(client.pskKey(name))] }))
  }

  /** find gives the PSK of an id. @internal */
  async find(id: Uint8Array): Promise<NativeSecret | null> {
    const stored = this.#stored(id)
    if (stored) return stored
    await this.#scope.refresh()  // another process of this client may have put it
    const put = this.#stored(id)
    if (put) return put
    try {
      const given = await this.#source?.(cloneOf(id))
      return given ? nativeSecret(secretOf('the PSK', given)) : null
    } catch (cause) {
      throw new MlsError('MISSING_PSK', { cause })
    }
  }

  #stored(id: Uint8Array): NativeSecret | null {
    const client = this.#scope.keys
    try {
      const sealed = this.#scope.psk(client.pskKey(id))
      return sealed ? client.openPsk(id, sealed) : null
    } catch (error) {
      throw toError(error)
    }
  }
}

/** nativeSecret moves a secret into the addon. */
function nativeSecret(bytes: Uint8Array): NativeSecret {
  try {
    return new native.Secret(bytes)
  } finally {
    wipe(bytes)
  }
}
