// The run: the group's life until everything is closed, and what comes after it, in a new process where there is a
// store to come back from.
import type { Store } from 'node-mls'
import { type Handover, type Outcome, afterRestart } from './after-restart'
import { BeforeRestart, type Input, everybody } from './before-restart'
import { restart } from './restart'
import { WRITERS, sideBySide } from './side-by-side'
import type { Stages } from './stages'
import { type Place, openStore } from './storage'

/**
 * runScenario lives through everything.
 * @param program what the new process is to run
 */
export async function runScenario(input: Input, place: Place, program: string, stages: Stages): Promise<Outcome> {
  const quarter = Math.ceil(input.messages.length / 4)
  const part = (index: number) => input.messages.slice(index * quarter, (index + 1) * quarter)
  const store = openStore(place)
  const before = new BeforeRestart(input, store, stages)
  await before.run(part)
  const handover = { place, known: everybody(input), messages: part(3), ...(await closeAll(before, store, place, stages)) }
  if (place.kind !== 'memory') return restart(program, handover, stages)
  const outcome = await afterRestart(handover, store, stages)
  await store.close()
  return outcome
}

/** closeAll closes every live member, and a store that can be opened again; it gives what is known of them. */
async function closeAll({ delivery, server }: BeforeRestart, store: Store, place: Place, stages: Stages) {
  const { members, counts } = delivery
  const known = { live: members.map(({ identity }) => identity), groupId: server.group.id, authenticator: delivery.agree(), counts }
  await stages.run('everything closed', 0, async () => {
    await sideBySide(members, (member) => member.close(), WRITERS)
    if (place.kind !== 'memory') await store.close()
    return { count: members.length }
  })
  return known satisfies Partial<Handover>
}
