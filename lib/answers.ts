// Answers: what a step asks, put to the application and to the client's own keys, and the step taken on.
//
// Credentials go to `authenticate` in slices; external PSKs come from the client's store or the `psk` callback;
// resumption PSKs from another group of the client. An error here leaves the step unanswered, and with that everything
// as it was.
import { setImmediate as turn } from 'node:timers/promises'
import type { Authenticate, CredentialQuestion, Verdict } from './credential'
import { MlsError, isMlsError } from './errors'
import type { Hold } from './hold'
import type { MayAsk, NativeNeeds, NativePskId, NativeSecret } from './native'

/** AnswerSource: who answers. */
export interface AnswerSource {
  readonly authenticate: Authenticate
  /** Whether every credential is accepted unseen. */
  readonly trust: boolean
  /** Milliseconds for each callback. */
  readonly timeout: number
  /** psk gives a PSK, or null for one that is not held. */
  readonly psk: (id: NativePskId) => Promise<NativeSecret | null>
  /** Seconds since 1970. */
  readonly now: () => number
}

/** Credentials in one call of `authenticate`. */
const sliceSize = 1024

const codes = { accept: 0, reject: 1, 'reject-succession': 2, 'reject-policy': 3, 'no-answer': 4 } as const

function codeOf(verdict: Verdict): number {
  if (typeof verdict === 'boolean') return verdict ? codes.accept : codes.reject
  return Object.hasOwn(codes, verdict) ? codes[verdict] : codes['no-answer']
}

async function judge(
  batch: readonly CredentialQuestion[], hold: Hold, { authenticate, timeout }: AnswerSource,
): Promise<number[]> {
  try {
    const verdicts = await hold.ask(() => authenticate(batch), timeout)
    // map would pass over holes, and leave them to be 0, which is acceptance.
    if (Array.isArray(verdicts) && verdicts.length === batch.length) return Array.from<Verdict, number>(verdicts, codeOf)
    throw new TypeError(`authenticate must give ${batch.length} verdicts`)
  } catch (cause) {
    if (isMlsError(cause, 'ANSWER_TIMEOUT', 'ABORTED')) throw cause
    throw new MlsError('AS_FAILED', { cause })
  }
}

async function verdictsOn<T>(needs: NativeNeeds<T>, hold: Hold, source: AnswerSource): Promise<Uint8Array | null> {
  if (source.trust || needs.credentialCount === 0) return null
  const verdicts = new Uint8Array(needs.credentialCount)
  for (let from = 0; from < verdicts.length; from += sliceSize) {
    if (from > 0) await turn()
    const batch = needs.credentials(from, Math.min(from + sliceSize, verdicts.length))
    verdicts.set(await judge(batch, hold, source), from)
  }
  return verdicts
}

/** answer gives all answers, as often as the step asks, and what it then comes to. */
export async function answer<T>(asking: MayAsk<T>, hold: Hold, source: AnswerSource): Promise<T> {
  let result = asking
  while (result.needs) {
    const { needs } = result
    const verdicts = await verdictsOn(needs, hold, source)
    result = await withPsks(needs, hold, source, (psks) => needs.answer(verdicts, psks, source.now()))
  }
  return result.done
}

/** withPsks gives the PSKs that a step asks for away, and wipes them. */
async function withPsks<T>(
  needs: NativeNeeds<T>, hold: Hold, source: AnswerSource, give: (psks: readonly (NativeSecret | null)[]) => Promise<MayAsk<T>>,
): Promise<MayAsk<T>> {
  const psks: (NativeSecret | null)[] = []
  let isOver = false
  const asked = async (id: NativePskId): Promise<NativeSecret | null> => {
    const psk = await source.psk(id)
    if (isOver) psk?.close()  // nobody waits for it any more
    return psk
  }
  try {
    for (const id of needs.psks) psks.push(await hold.ask(() => asked(id), source.timeout))
    const going = give(psks)  // takes copies at once
    for (const psk of psks) psk?.close()
    return await going
  } finally {
    isOver = true
    for (const psk of psks) psk?.close()
  }
}
