// The results of a native run of message steps. Messages come packed, and become objects here: without a call into the addon
// for each field, and with no ArrayBuffer but that of the data. V8 counts the bytes of those; the more there are, the sooner it
// marks its whole heap, while the event loop waits.
import { MlsError } from './errors'
import type { NativeMessages, NativeRun, NativeStepResult } from './native'

const isSent = 1

/** resultsOf gives what each step came to, in the order of the steps. */
export function resultsOf({ results, messages }: NativeRun): NativeStepResult[] {
  const unpack = messages ? unpacker(messages) : (): never => { throw new MlsError('INTERNAL') }
  const whole = results.map((result) => result ?? unpack())
  messages?.bytes.clear()
  return whole
}

/** unpacker gives the next message with each call. */
function unpacker({ numbers, bytes }: NativeMessages): () => NativeStepResult {
  let at = 0
  let from = 0
  let [high, low, epoch] = [0, 0, 0n]
  return () => {
    const next = (): number => numbers[at++] ?? 0
    const [kind, sender, epochHigh, epochLow, dataEnd, end] = [next(), next(), next(), next(), next(), next()]
    const data = bytes.slice(from, dataEnd)
    const authenticatedData = end > dataEnd ? bytes.slice(dataEnd, end) : new Uint8Array(0)
    from = end
    if (kind === isSent) return { kind: 'sent', message: data }
    if (epochHigh !== high || epochLow !== low) {
      [high, low] = [epochHigh, epochLow]
      epoch = (BigInt(high) << 32n) | BigInt(low)
    }
    return { kind: 'message', sender, epoch, data, authenticatedData }
  }
}
