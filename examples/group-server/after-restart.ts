// The life of the group after everything was closed: the members come back from the store and go on. It knows only
// what a service would know from elsewhere, and runs in a process of its own where the store is not in memory.
import type { Store } from 'node-mls'
import type { ChatMessage } from './chat'
import { type Counts, Delivery } from './delivery'
import { Device } from './device'
import { Directory } from './directory'
import type { Identity } from './roster'
import { WRITERS, sideBySide } from './side-by-side'
import type { Stages } from './stages'
import type { Place } from './storage'
import { talk } from './talk'

/** Handover: what is known of the group without its state; it can be sent to another process, and holds no key. */
export interface Handover {
  readonly place: Place
  /** Who may be a member. */
  readonly known: readonly Identity[]
  /** The live members, the server first. */
  readonly live: readonly Identity[]
  readonly groupId: Uint8Array
  /** The epoch authenticator, in hex, that all of them had. */
  readonly authenticator: string
  readonly counts: Counts
  /** What is left of the chat log. */
  readonly messages: readonly ChatMessage[]
}

/** Outcome: what came of it in the end. */
export interface Outcome {
  readonly memberCount: number
  readonly epoch: bigint
  readonly authenticator: string
  readonly live: number
  readonly counts: Counts
}

/** afterRestart opens every live member again, has the rest of the log, and closes them. */
export async function afterRestart(handover: Handover, store: Store, stages: Stages): Promise<Outcome> {
  const { live, groupId, messages } = handover
  const directory = new Directory(handover.known)
  const delivery = new Delivery(handover.counts)
  await stages.run('reopened from the store', live.length, async (tell) => {
    const opened = new Map<Identity, Device>()
    await sideBySide(live, async (identity) => {
      opened.set(identity, await Device.reopen(identity, groupId, store, directory))
      tell(opened.size)
    })
    delivery.members.push(...live.flatMap((identity) => opened.get(identity) ?? []))
    return { count: opened.size }
  })
  delivery.agree(handover.authenticator)
  await talk(delivery, messages, stages)
  const [server] = delivery.members
  if (!server) throw new Error('no server')
  const { memberCount, epoch } = server.group
  const outcome = { memberCount, epoch, authenticator: delivery.agree(), live: live.length, counts: delivery.counts }
  await sideBySide(delivery.members, (member) => member.close(), WRITERS)
  return outcome
}
