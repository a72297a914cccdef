// Message steps: sending and receiving, as they go into a strand and come out of it.
import { copyOfText, empty, requireBytes } from './bytes'
import { MlsError } from './errors'
import { native, type NativeStep } from './native'
import { Options, readList } from './options'
import type { NotReceived, Received } from './received'

/** SendOptions: data that is authenticated with a message but not encrypted (RFC 9420 §6.3). */
export interface SendOptions {
  readonly authenticatedData?: Uint8Array
}

/** ReceiveOptions: `inspect` gives a verified commit as `staged`, to be accepted or dropped. */
export interface ReceiveOptions {
  readonly inspect?: boolean
}

/** StepResult: what a message step gives. */
export type StepResult = { readonly kind: 'sent'; readonly message: Uint8Array } | Received

/** StepSent: one of many messages that were to be sent. */
export type StepSent = { readonly kind: 'sent'; readonly message: Uint8Array } | NotReceived

/** readSend reads what is to be sent. @throws TypeError */
export function readSend(what: string, data: unknown, options: unknown): NativeStep {
  return { kind: 'send', data: copyOfText(what, data), authenticatedData: readAuthenticatedData(options) }
}

export const readAuthenticatedData = (options: unknown): Uint8Array =>
  new Options('options', options, ['authenticatedData']).bytes('authenticatedData', empty)

/** readMessages reads what was received, which is still the caller's. @throws TypeError @throws MlsError `TOO_LARGE` */
export const readMessages = (messages: unknown): Uint8Array[] => readList('messages', messages, requireBytes)

/** readInspect reads ReceiveOptions. @throws TypeError */
export const readInspect = (options: unknown): boolean => new Options('options', options, ['inspect']).flag('inspect', false)

/**
 * Incoming: messages that were received, copied, and a step of each. The copies are outside of V8's heap: in it they would
 * let V8 collect its garbage far more often. Whoever ran the steps lets them go.
 */
export class Incoming {
  readonly #copies = new native.Bulk()
  readonly steps: readonly NativeStep[]

  constructor(messages: readonly Uint8Array[], inspect: boolean) {
    this.#copies.add(messages, 0, messages.length)
    this.steps = messages.map((_, at) => ({ kind: 'receive', messages: this.#copies, at, inspect }))
  }

  /** done frees the copies; the steps run no more. */
  done(): void {
    this.#copies.clear()
  }
}

export function sentOf(result: StepResult): Uint8Array {
  if (result.kind !== 'sent') throw new MlsError('INTERNAL')
  return result.message
}

export function receivedOf(result: StepResult): Received {
  if (result.kind === 'sent') throw new MlsError('INTERNAL')
  return result
}
