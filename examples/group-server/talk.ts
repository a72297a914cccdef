// A part of the chat log, replayed: everything is read by all live members.
import type { ChatMessage } from './chat'
import type { Delivery } from './delivery'
import type { Stages } from './stages'

/** Chat lines that are under way together. */
const LINES = 25

export async function talk(delivery: Delivery, messages: readonly ChatMessage[], stages: Stages): Promise<void> {
  const readers = delivery.members.length
  await stages.run('messages sent and read by all', messages.length, async (tell) => {
    for (let start = 0; start < messages.length; start += LINES) {
      await delivery.talk(messages.slice(start, start + LINES))
      tell(Math.min(messages.length, start + LINES))
    }
    return { count: messages.length * readers, note: `${messages.length} messages, ${readers} readers` }
  })
}
