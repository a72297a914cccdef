// Message steps: sending and receiving, as they go into a strand and come out of it.
import { copyOfText, empty, passingCopyOf } from './bytes'
import { MlsError } from './errors'
import type { NativeStep } from './native'
import { Options } from './options'
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

/** readReceive reads what was received: a step of each message. @throws TypeError */
export function readReceive(options: unknown): (what: string, message: unknown) => NativeStep {
  const inspect = new Options('options', options, ['inspect']).flag('inspect', false)
  return (what, message) => ({ kind: 'receive', message: passingCopyOf(what, message), inspect })
}

export function sentOf(result: StepResult): Uint8Array {
  if (result.kind !== 'sent') throw new MlsError('INTERNAL')
  return result.message
}

export function receivedOf(result: StepResult): Received {
  if (result.kind === 'sent') throw new MlsError('INTERNAL')
  return result
}
