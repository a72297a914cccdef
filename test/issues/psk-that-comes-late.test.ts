// A PSK that the `psk` callback gave when its step had ended stayed in the addon's memory until V8 collected it.
import { setImmediate as turn } from 'node:timers/promises'
import { native, type NativeSecret } from '../../lib/native'
import { fails, open } from '../api/support/people'

/** madeSecrets notes what the addon is given from now on, until it is told to stop. */
function madeSecrets(): { made: NativeSecret[]; stop: () => void } {
  const { Secret } = native
  const made: NativeSecret[] = []
  const noting = new Proxy(Secret, {
    construct(target, [bytes]: [Uint8Array]) {
      const secret = new target(bytes)
      made.push(secret)
      return secret
    },
  })
  const put = (value: typeof Secret) => Object.assign(native, { Secret: value })
  put(noting)
  return { made, stop: () => put(Secret) }
}

test.each(['in time', 'late'])('a PSK that comes %s is wiped when its step has ended', async (when) => {
  let give = (_: Uint8Array): void => {}
  const given = new Promise<Uint8Array>((resolve) => { give = resolve })
  const alice = await open('alice', { answerTimeout: when === 'late' ? 50 : 5_000, psk: () => given })
  const group = await alice.createGroup()
  const secret = new Uint8Array(32).fill(7)
  const { made, stop } = madeSecrets()
  try {
    const commit = group.commit({ psk: ['x'] })
    if (when === 'late') await fails(commit, 'ANSWER_TIMEOUT')
    give(secret)
    if (when === 'in time') await commit
    await turn()
  } finally {
    stop()
  }
  expect(made.map(({ size }) => size)).toEqual([0])
  await alice.close()
})
